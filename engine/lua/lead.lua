--[[
  Takes or keeps the leadership among schedulers. It only saves work: whatever a leader does, two may do.

  ARGV   1 prefix   2 now or ''   3 scheduler   4 for so many ms

  Result
    1 it leads, 0 another one does
]]
--- @include "base"

local key = P .. 'leader'
local leader = call('GET', key)
if leader and leader ~= ARGV[3] then return 0 end
call('SET', key, ARGV[3], 'PX', ARGV[4])
return 1
