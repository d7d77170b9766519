-- Where attempts wait. A channel is a pool and a queue, `<pool>@<queue>`, with three sorted sets:
--
--   ready    may start, but has no slot yet; score: larger priority first, then the longest waiting
--   outbox   has a slot, to be claimed by a worker; score: when to hand it to BullMQ again
--   leases   runs; score: when its lease ends
--
-- Being in `outbox` or `leases` *is* holding a slot, so slots cannot leak. An attempt id is `<run>.<task>.<mapIndex>.<attempt>`;
-- in `ready`, `<run>.<task>.*` stands for all instances of a mapped task that have not been handed out yet.

--- @include "run"

fl.PRIORITY_MAX = 1000
fl.PRIORITY_STEP = 4398046511104 -- 2^42 turns: 10,000 a second for 14 years. 2001 priorities above that still fit a double.

function fl.channelOf(run, node)
  return (run.pool or node.pool) .. '@' .. node.queue
end

function fl.channelKey(channel, part)
  return P .. 'channel:' .. channel .. ':' .. part
end

function fl.attemptId(run, i, m, attempt)
  return run.seq .. '.' .. i .. '.' .. m .. '.' .. attempt
end

function fl.parseAttemptId(id)
  local seq, i, m, attempt = string.match(id, '^(%d+)%.(%d+)%.(%-?[%d*]+)%.?(%d*)$')
  return seq, tonumber(i), tonumber(m) or m, tonumber(attempt)
end

-- The place at the end of its priority. Turns are counted, not timed: many things happen within a millisecond.
function fl.lastInLine(priority)
  local clamped = math.max(-fl.PRIORITY_MAX, math.min(fl.PRIORITY_MAX, priority))
  return fl.int((fl.PRIORITY_MAX - clamped) * fl.PRIORITY_STEP + call('INCR', P .. 'turn'))
end

function fl.priorityOf(score)
  return fl.PRIORITY_MAX - math.floor(score / fl.PRIORITY_STEP)
end

fl.touched = {} -- Channels to fill at the end of the script.

-- Makes an attempt ready now, or when it is due.
function fl.plan(run, i, m, attempt, due)
  local node = fl.nodeOf(run, i)
  if due > now then
    call('ZADD', P .. 'delayed', fl.int(due), fl.attemptId(run, i, m, attempt))
    return
  end
  local channel = fl.channelOf(run, node)
  call('ZADD', fl.channelKey(channel, 'ready'), fl.lastInLine(node.priority), fl.attemptId(run, i, m, attempt))
  fl.touched[channel] = true
end

function fl.planRange(run, i)
  local node = fl.nodeOf(run, i)
  local channel = fl.channelOf(run, node)
  call('ZADD', fl.channelKey(channel, 'ready'), fl.lastInLine(node.priority), run.seq .. '.' .. i .. '.*')
  fl.touched[channel] = true
end

-- Takes a planned attempt back, wherever it waits.
function fl.unplan(run, i, m, attempt)
  local id = fl.attemptId(run, i, m, attempt)
  local channel = fl.channelOf(run, fl.nodeOf(run, i))
  if call('ZREM', fl.channelKey(channel, 'outbox'), id) == 0 and call('ZREM', fl.channelKey(channel, 'ready'), id) == 0 then
    call('ZREM', P .. 'delayed', id)
  end
  fl.touched[channel] = true
end

function fl.unplanRange(run, i)
  call('ZREM', fl.channelKey(fl.channelOf(run, fl.nodeOf(run, i)), 'ready'), run.seq .. '.' .. i .. '.*')
end

-- Channels of a queue.
fl.byQueue = {}
function fl.channelsOf(queue)
  local channels = fl.byQueue[queue]
  if not channels then
    channels = {}
    for _, pool in ipairs(call('SMEMBERS', P .. 'queue:' .. queue)) do table.insert(channels, pool .. '@' .. queue) end
    fl.byQueue[queue] = channels
  end
  return channels
end

-- Slots of the channel's pool that are free; nil when the pool has no limit.
function fl.freeSlots(channel)
  local pool = string.match(channel, '^[^@]*')
  local slots = tonumber(call('HGET', P .. 'pools', pool))
  if not slots then return nil end
  for _, queue in ipairs(call('SMEMBERS', P .. 'pool:' .. pool)) do
    local sibling = pool .. '@' .. queue
    slots = slots - call('ZCARD', fl.channelKey(sibling, 'outbox')) - call('ZCARD', fl.channelKey(sibling, 'leases'))
  end
  return slots
end

function fl.hasSlot(channel)
  local free = fl.freeSlots(channel)
  return not free or free > 0
end

-- How many more attempts of a queue may go to BullMQ: as many as its workers have idle hands, for a busy worker takes the next
-- ready attempt by itself (see take-next.lua) and by then knows better which. Without workers a few wait for the first to come.
function fl.idleHands(queue)
  local hands = tonumber(call('GET', P .. 'hands:' .. queue)) or 0
  if hands == 0 then hands = fl.DEPTH_UNKNOWN end
  for _, channel in ipairs(fl.channelsOf(queue)) do
    hands = hands - call('ZCARD', fl.channelKey(channel, 'leases')) - call('ZCARD', fl.channelKey(channel, 'outbox'))
  end
  return math.min(hands, fl.DISPATCH_MAX)
end

-- Hands out the next instances of a mapped task, at most `limit`; returns their ids, and whether some are left.
function fl.takeRange(seq, i, limit)
  local run = fl.openRun(seq)
  if not run then return {}, false end
  local task = fl.taskOf(run, i)
  if task.state ~= 'a' or not task.cursor then return {}, false end
  local upto = math.min(task.cursor + limit, task.n)
  local fields, ids = {}, {}
  for m = task.cursor, upto - 1 do table.insert(fields, fl.fieldOf(i, m)) end
  local texts = task.kept and #fields > 0 and call('HMGET', run.key, unpack(fields)) or {}
  for k, field in ipairs(fields) do
    local instance = fl.readInstance(task, run.set[field] or texts[k] or nil, true, task.cursor + k - 1)
    -- Those that were ended by hand meanwhile, or were planned on their own by a clear, are left out.
    if instance.state == 'w' and instance.due == task.since then
      table.insert(ids, fl.attemptId(run, i, task.cursor + k - 1, instance.attempt))
    end
  end
  fl.editTask(run, i).cursor = upto
  return ids, upto < task.n
end

-- Moves ready attempts to the outbox as far as there are slots, and appends them to `out` as id, queue, priority. Whoever
-- called the script adds them to BullMQ.
function fl.fillChannel(channel, out)
  local ready, outbox = fl.channelKey(channel, 'ready'), fl.channelKey(channel, 'outbox')
  if call('ZCARD', ready) == 0 then return end
  local queue = string.match(channel, '@(.*)$')
  local free = math.min(fl.idleHands(queue), fl.freeSlots(channel) or fl.DISPATCH_MAX)
  local added = {}
  while free > 0 do
    local head = call('ZRANGE', ready, 0, math.min(free, 100) - 1, 'WITHSCORES')
    if #head == 0 then break end
    local gone = {}
    for k = 1, #head, 2 do
      if free <= 0 then break end
      local id, score = head[k], tonumber(head[k + 1])
      local ids, more = { id }, false
      local seq, i, m = fl.parseAttemptId(id)
      if m == '*' then ids, more = fl.takeRange(seq, i, free) end
      -- The rest of a range goes to the end of its priority: runs take turns.
      if more then call('ZADD', ready, fl.lastInLine(fl.priorityOf(score)), id) else table.insert(gone, id) end
      for _, taken in ipairs(ids) do
        table.insert(added, fl.int(now + fl.DISPATCH_GRACE_MS))
        table.insert(added, taken)
        table.insert(out, taken)
        table.insert(out, queue)
        table.insert(out, fl.priorityOf(score))
      end
      free = free - #ids
    end
    if #gone > 0 then call('ZREM', ready, unpack(gone)) end
  end
  fl.inBatches('ZADD', outbox, added)
end

-- Fills every channel that this script has touched; the list is the reply to the caller.
function fl.fillTouched()
  local out = {}
  for channel in pairs(fl.touched) do fl.fillChannel(channel, out) end
  return out
end
