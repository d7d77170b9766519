-- The short way: a worker that has ended an attempt takes the next ready one with the same call, without BullMQ. It does so only
-- when nothing of its queues is with BullMQ, waiting: what has been dispatched comes first, so nobody is overtaken.

--- @include "begin"

fl.TAKE_TRIES = 10 -- A range may have come to its end meanwhile; then the next in line is looked at.

-- `order`: '' or JSON { queues, token, worker, leaseMs }. Returns the briefing of the attempt that now runs, or {}.
function fl.takeNext(order)
  if order == '' then return {} end
  order = cjson.decode(order)
  local channels, id = {}, nil
  for _, queue in ipairs(order.queues) do
    for _, channel in ipairs(fl.channelsOf(queue)) do
      if call('ZCARD', fl.channelKey(channel, 'outbox')) > 0 then return {} end
      table.insert(channels, channel)
    end
  end
  for _ = 1, fl.TAKE_TRIES do
    local head = not id and fl.nextOf(order.queues[1], channels)
    if not head then break end
    id = fl.take(head, 1)[1]
  end
  local at = id and fl.currentAttempt(id)
  if not at or at.run.state ~= 'running' then return {} end
  fl.begin(at, order.token, order.worker, order.leaseMs)
  return fl.briefing(at)
end
