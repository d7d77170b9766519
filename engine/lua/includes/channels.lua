-- Where attempts wait. A channel is a pool and a queue, `<pool>@<queue>`, with three sorted sets:
--
--   ready    may start, but has no slot yet; score: runs by schedule and by hand before backfills, then larger priority first,
--            then the longest waiting
--   outbox   has a slot, to be claimed by a worker; score: when to hand it to BullMQ again
--   leases   runs; score: when its lease ends
--
-- Being in `outbox` or `leases` *is* holding a slot, so slots cannot leak. An attempt id is `<run>.<task>.<mapIndex>.<attempt>`;
-- in `ready`, `<run>.<task>.*` stands for all instances of a mapped task that have not been handed out yet.

--- @include "run"
--- @include "limits"

fl.PRIORITY_MAX = 1000
fl.PRIORITY_STEP = 2199023255552 -- 2^41 turns: 10,000 a second for 7 years. Two bands of 2001 priorities still fit a double.
-- Scores of backfills begin here. The band says who is who; who is next is said by fl.nextOf.
fl.BACKFILL_BAND = 2001 * fl.PRIORITY_STEP
-- While both wait, every so many-th attempt that a queue hands out is of a backfill: it has this share whatever comes, and no more.
fl.BACKFILL_TURN = 4

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

-- The place at the end of its band and priority. Turns are counted, not timed: many things happen within a millisecond.
function fl.lastInLine(run, priority)
  local clamped = math.max(-fl.PRIORITY_MAX, math.min(fl.PRIORITY_MAX, priority))
  local band = run.backfill and fl.BACKFILL_BAND or 0
  return fl.int(band + (fl.PRIORITY_MAX - clamped) * fl.PRIORITY_STEP + call('INCR', P .. 'turn'))
end

-- The same, for what already has a place: the rest of a range goes behind those that wait with it.
function fl.lastAgain(score)
  return fl.int(math.floor(score / fl.PRIORITY_STEP) * fl.PRIORITY_STEP + call('INCR', P .. 'turn'))
end

function fl.priorityOf(score)
  return fl.PRIORITY_MAX - math.floor(score / fl.PRIORITY_STEP) % 2001
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
  call('ZADD', fl.channelKey(channel, 'ready'), fl.lastInLine(run, node.priority), fl.attemptId(run, i, m, attempt))
  fl.touched[channel] = true
end

function fl.planRange(run, i)
  local node = fl.nodeOf(run, i)
  local channel = fl.channelOf(run, node)
  call('ZADD', fl.channelKey(channel, 'ready'), fl.lastInLine(run, node.priority), run.seq .. '.' .. i .. '.*')
  fl.touched[channel] = true
end

-- Takes a planned attempt back, wherever it waits.
function fl.unplan(run, i, m, attempt)
  local id = fl.attemptId(run, i, m, attempt)
  local channel = fl.channelOf(run, fl.nodeOf(run, i))
  if call('ZREM', fl.channelKey(channel, 'outbox'), id) == 0 and call('ZREM', fl.channelKey(channel, 'ready'), id) == 0 then
    call('ZREM', P .. 'delayed', id)
  end
  fl.leaveLimits(run, i, id)
  fl.touched[channel] = true
end

function fl.unplanRange(run, i)
  local id = run.seq .. '.' .. i .. '.*'
  call('ZREM', fl.channelKey(fl.channelOf(run, fl.nodeOf(run, i)), 'ready'), id)
  fl.leaveLimits(run, i, id)
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
      if not task.kept then run.got[field] = false end -- It has no record, and need not be looked for.
      table.insert(ids, fl.attemptId(run, i, task.cursor + k - 1, instance.attempt))
    end
  end
  fl.editTask(run, i).cursor = upto
  return ids, upto < task.n
end

-- The attempt or range whose turn it is in these channels: { channel, id, score }, and whether nobody else contends with its
-- band. nil when nothing is ready, or what is has no slot. Backfills come last, but for their share. `last`: nothing else waits.
function fl.nextOf(queue, channels)
  local first, backfill
  local waiting, last = 0, nil
  for _, channel in ipairs(channels) do
    local ready = fl.channelKey(channel, 'ready')
    local head = call('ZRANGE', ready, 0, 0, 'WITHSCORES')
    local score = tonumber(head[2])
    if score and fl.hasSlot(channel) then
      waiting = waiting + 1
      if score < fl.BACKFILL_BAND then
        if not first or score < first.score then first = { channel = channel, id = head[1], score = score } end
        last = call('ZRANGE', ready, -1, -1, 'WITHSCORES')
        if tonumber(last[2]) < fl.BACKFILL_BAND then
          score = nil
        else
          head = call('ZRANGEBYSCORE', ready, fl.int(fl.BACKFILL_BAND), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
          score = tonumber(head[2])
        end
      end
      if score and (not backfill or score < backfill.score) then
        backfill = { channel = channel, id = head[1], score = score }
      end
    end
  end
  if first and waiting == 1 then first.last = last[1] == first.id end
  if not first or not backfill then return first or backfill, true end
  return call('INCR', P .. 'share:' .. queue) % fl.BACKFILL_TURN == 0 and backfill or first, false
end

-- Takes it out of its channel: attempt ids, at most `limit` (of a range; it may hold none any more, or be parked).
function fl.take(head, limit)
  local seq, i, m = fl.parseAttemptId(head.id)
  local run = fl.hasLimits() and fl.openRun(seq)
  local node = run and fl.nodeOf(run, i)
  if node and node.limits then
    local room, tightest = fl.roomFor(node)
    if room <= 0 then
      call('ZREM', fl.channelKey(head.channel, 'ready'), head.id)
      call('ZADD', fl.limitKey(tightest, 'parked'), fl.int(head.score), head.id)
      return {}
    end
    limit = math.min(limit, room)
  end
  local ids, more = { head.id }, false
  if m == '*' then ids, more = fl.takeRange(seq, i, limit) end
  local ready = fl.channelKey(head.channel, 'ready')
  if not more then
    call('ZREM', ready, head.id)
  elseif not head.last then
    -- The rest of a range goes to the end of its priority: runs take turns.
    call('ZADD', ready, fl.lastAgain(head.score), head.id)
  end
  if node then fl.holdLimits(node, ids) end
  return ids
end

function fl.hasReady(channels)
  for _, channel in ipairs(channels) do
    if call('ZCARD', fl.channelKey(channel, 'ready')) > 0 then return true end
  end
  return false
end

-- Moves ready attempts of a queue to the outbox as far as there are hands and slots, and appends them to `out` as id, queue,
-- priority. Whoever called the script adds them to BullMQ.
function fl.fillQueue(queue, out)
  local channels = fl.channelsOf(queue)
  if not fl.hasReady(channels) then return end
  local free = fl.idleHands(queue)
  while free > 0 do
    local head, alone = fl.nextOf(queue, channels)
    if not head then return end
    local ids = fl.take(head, alone and math.min(free, fl.freeSlots(head.channel) or free) or 1)
    local added = {}
    for _, id in ipairs(ids) do
      table.insert(added, fl.int(now + fl.DISPATCH_GRACE_MS))
      table.insert(added, id)
      table.insert(out, id)
      table.insert(out, queue)
      table.insert(out, fl.priorityOf(head.score))
    end
    fl.inBatches('ZADD', fl.channelKey(head.channel, 'outbox'), added)
    free = free - #ids
  end
end

-- Fills every queue that this script has touched; the list is the reply to the caller.
function fl.fillTouched()
  local out, filled = {}, {}
  for channel in pairs(fl.touched) do
    local queue = string.match(channel, '@(.*)$')
    if not filled[queue] then fl.fillQueue(queue, out) end
    filled[queue] = true
  end
  return out
end
