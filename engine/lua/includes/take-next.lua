-- The short way: a worker that has ended an attempt takes the next ready one with the same call, without BullMQ. It does so only
-- when nothing of its queues is with BullMQ, waiting: what has been dispatched comes first, so nobody is overtaken.

--- @include "begin"

-- The ready attempt whose turn it is, taken out of its channel: its id, or nil.
function fl.takeHead(channel)
  local ready = fl.channelKey(channel, 'ready')
  for _ = 1, 10 do
    local head = call('ZRANGE', ready, 0, 0, 'WITHSCORES')
    if #head == 0 then return nil end
    local seq, i, m = fl.parseAttemptId(head[1])
    local ids, more = { head[1] }, false
    if m == '*' then ids, more = fl.takeRange(seq, i, 1) end
    if more then
      call('ZADD', ready, fl.lastInLine(fl.priorityOf(tonumber(head[2]))), head[1])
    else
      call('ZREM', ready, head[1])
    end
    if ids[1] then return ids[1] end
  end
end

-- `order`: '' or JSON { queues, token, worker, leaseMs }. Returns the briefing of the attempt that now runs, or {}.
function fl.takeNext(order)
  if order == '' then return {} end
  order = cjson.decode(order)
  local best, bestScore
  for _, queue in ipairs(order.queues) do
    for _, channel in ipairs(fl.channelsOf(queue)) do
      if call('ZCARD', fl.channelKey(channel, 'outbox')) > 0 then return {} end
      local head = call('ZRANGE', fl.channelKey(channel, 'ready'), 0, 0, 'WITHSCORES')
      local score = tonumber(head[2])
      if score and (not bestScore or score < bestScore) and fl.hasSlot(channel) then best, bestScore = channel, score end
    end
  end
  local id = best and fl.takeHead(best)
  local at = id and fl.currentAttempt(id)
  if not at or at.run.state ~= 'running' then return {} end
  fl.begin(at, order.token, order.worker, order.leaseMs)
  return fl.briefing(at)
end
