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
--- @include "close"

local limit = tonumber(ARGV[3])

local due = call('ZRANGEBYSCORE', P .. 'delayed', '-inf', int(now), 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  local seq, i, m, attempt = parseAttemptId(id)
  local run = openRun(seq)
  if run and nodeOf(run, i) then plan(run, i, m, attempt, now) end
end
inBatches('ZREM', P .. 'delayed', due)

local overdue = {}
for _, channel in ipairs(call('SMEMBERS', P .. 'channels')) do
  touched[channel] = true
  local outbox, queue = channelKey(channel, 'outbox'), string.match(channel, '@(.*)$')
  for _, id in ipairs(call('ZRANGEBYSCORE', outbox, '-inf', int(now), 'LIMIT', 0, limit)) do
    local seq, i = parseAttemptId(id)
    local run = openRun(seq)
    local node = run and nodeOf(run, i)
    if node then
      call('ZADD', outbox, int(now + REDISPATCH_MS), id)
      table.insert(overdue, id)
      table.insert(overdue, queue)
      table.insert(overdue, node.priority)
    else
      call('ZREM', outbox, id)
    end
  end
end
for _, lane in ipairs(call('SMEMBERS', P .. 'lanes')) do touchedLanes[lane] = true end

local out = close()
for _, value in ipairs(overdue) do table.insert(out, value) end
local next = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')[2]
return { 1, out, next or '' }
