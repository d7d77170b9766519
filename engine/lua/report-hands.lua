--[[
  A worker says how many attempts it can run at a time; per queue the hands of all workers that have lately said so are added up.

  ARGV   1 prefix   2 now or ''   3 worker   4 hands, 0 when it leaves   5 valid for so many ms   6… queues

  Result
    1
]]
--- @include "base"

local worker, hands = ARGV[3], tonumber(ARGV[4])
for k = 6, #ARGV do
  local key = P .. 'hands:' .. ARGV[k]
  local members = key .. ':workers'
  if hands > 0 then
    call('HSET', members, worker, hands .. '|' .. fl.int(now + tonumber(ARGV[5])))
  else
    call('HDEL', members, worker)
  end
  local sum, all = 0, call('HGETALL', members)
  for at = 1, #all, 2 do
    local count, untilMs = string.match(all[at + 1], '^(%d+)|(%d+)$')
    if tonumber(untilMs) > now then sum = sum + tonumber(count) else call('HDEL', members, all[at]) end
  end
  call('SET', key, sum)
end
return 1
