--[[
  A worker says that its attempts live; their leases are extended.

  ARGV   1 prefix   2 now or ''   3 leaseMs   then per attempt: id, token, progress ('' or JSON { done, total, note })

  Result
    per attempt: 1 it goes on, 0 it is not the worker's any more (lost, cancelled, cleared): stop its process
]]
--- @include "base"
--- @include "current"

local lease = fl.int(now + tonumber(ARGV[3]))
local result = {}
for k = 4, #ARGV, 3 do
  local at = fl.heldAttempt(ARGV[k], ARGV[k + 1])
  if at then
    call('ZADD', fl.channelKey(at.channel, 'leases'), lease, at.id)
    if ARGV[k + 2] ~= '' then call('HSET', at.run.key, 'p' .. fl.fieldOf(at.i, at.m), ARGV[k + 2]) end
  end
  table.insert(result, at and 1 or 0)
end
return result
