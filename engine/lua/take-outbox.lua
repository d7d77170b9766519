--[[
  Looks for what has become due, and returns what has to be added to BullMQ: retries whose time has come, attempts for which a slot
  is free, and attempts in the outbox that nobody has claimed in time (whoever should have dispatched them died, or the job got
  lost). There is no second script to acknowledge a dispatch: the claim takes the attempt out of the outbox, and until then
  adding it again does nothing, because its job id is the attempt id.

  ARGV   1 prefix   2 now or ''   3 at most so many of each kind

  Result
    { 1, dispatch, next due ms or '' }
]]
--- @include "base"
--- @include "attempts"

local limit = tonumber(ARGV[3])

local due = call('ZRANGEBYSCORE', P .. 'delayed', '-inf', fl.int(now), 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  local seq, i, m, attempt = fl.parseAttemptId(id)
  local run = fl.openRun(seq)
  if run and fl.nodeOf(run, i) then fl.plan(run, i, m, attempt, now) end
end
fl.inBatches('ZREM', P .. 'delayed', due)

local overdue = {}
for _, channel in ipairs(call('SMEMBERS', P .. 'channels')) do
  fl.touched[channel] = true
  local outbox, queue = fl.channelKey(channel, 'outbox'), string.match(channel, '@(.*)$')
  for _, id in ipairs(call('ZRANGEBYSCORE', outbox, '-inf', fl.int(now), 'LIMIT', 0, limit)) do
    local at = fl.currentAttempt(id)
    if at then
      call('ZADD', outbox, fl.int(now + fl.REDISPATCH_MS), id)
      table.insert(overdue, id)
      table.insert(overdue, queue)
      table.insert(overdue, at.node.priority)
    else
      call('ZREM', outbox, id)
    end
  end
end
for _, lane in ipairs(call('SMEMBERS', P .. 'lanes')) do fl.touchedLanes[lane] = true end
fl.lookAtLimits()

local out = fl.close()
for _, value in ipairs(overdue) do table.insert(out, value) end
local next = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')[2]
return { 1, out, next or '' }
