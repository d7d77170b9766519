--[[
  Remembers up to when the data intervals of a DAG have runs. It only goes forward: a scheduler that was paused for an hour must
  not take back what others have done meanwhile.

  ARGV   1 prefix   2 now or ''   3 dag id   4 end of the latest interval, epoch ms

  Result
    the cursor, epoch ms
]]
--- @include "base"

local key = P .. 'dag:' .. ARGV[3]
local before = tonumber(call('HGET', key, 'coveredUntilMs'))
if before and before >= tonumber(ARGV[4]) then return fl.int(before) end
call('HSET', key, 'coveredUntilMs', ARGV[4])
return ARGV[4]
