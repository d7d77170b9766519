--[[
  Attempts whose worker has been silent for longer than their lease are lost: another one is planned, or the instance fails.

  ARGV   1 prefix   2 now or ''   3 at most so many   4 random in [0, 1) for the jitter

  Result
    { 1, dispatch, ids of the lost attempts }
]]
--- @include "base"
--- @include "retry"

local limit, random = tonumber(ARGV[3]), tonumber(ARGV[4])
local lost = {}
for _, channel in ipairs(call('SMEMBERS', P .. 'channels')) do
  local leases = fl.channelKey(channel, 'leases')
  for _, id in ipairs(call('ZRANGEBYSCORE', leases, '-inf', fl.int(now), 'LIMIT', 0, limit - #lost)) do
    local at = fl.currentAttempt(id)
    fl.touched[channel] = true
    call('ZREM', leases, id)
    if at then fl.leaveLimits(at.run, at.i, id) end
    if at and at.instance.state == 'r' then
      local instance, retry = at.instance, at.node.retry
      instance.losses = instance.losses + 1
      local extra = fl.extraOf(at.run, at.i, at.m, instance)
      extra.error = {
        code = 'FL_LEASE_LOST',
        message = 'Attempt ' .. instance.attempt .. ' gave no sign of life'
          .. (instance.worker and ' on worker "' .. instance.worker .. '"' or ''),
      }
      fl.putExtra(at.run, at.i, at.m, instance, extra)
      fl.remember(at, 'lost', extra.error)
      if instance.losses > retry.lossesMax then
        fl.endAttempt(at, 'f')
      else
        fl.tryAgain(at, 'y', now + (instance.losses == 1 and 0 or fl.retryDelay(retry, instance.losses - 1, random)))
      end
      table.insert(lost, id)
    end
  end
  if #lost >= limit then break end
end
fl.repairLimits()
return { 1, fl.close(), lost }
