-- Where attempts wait. A channel is a pool and a queue, `<pool>@<queue>`, with three sorted sets:
--
--   ready    may start, but has no slot yet; score: larger priority first, then the longest waiting
--   outbox   has a slot, to be claimed by a worker; score: when to hand it to BullMQ again
--   leases   runs; score: when its lease ends
--
-- Being in `outbox` or `leases` *is* holding a slot, so slots cannot leak. An attempt id is `<run>.<task>.<mapIndex>.<attempt>`;
-- in `ready`, `<run>.<task>.*` stands for all instances of a mapped task that have not been handed out yet.

--- @include "run"

local PRIORITY_MAX = 1000
local PRIORITY_STEP = 4398046511104 -- 2^42 ms is the year 2109; 2001 priorities above that still fit a double.

local function channelOf(run, node)
  return (run.pool or node.pool) .. '@' .. node.queue
end

local function channelKey(channel, part)
  return P .. 'channel:' .. channel .. ':' .. part
end

local function attemptId(run, i, m, attempt)
  return run.seq .. '.' .. i .. '.' .. m .. '.' .. attempt
end

local function parseAttemptId(id)
  local seq, i, m, attempt = string.match(id, '^(%d+)%.(%d+)%.(%-?[%d*]+)%.?(%d*)$')
  return seq, tonumber(i), tonumber(m) or m, tonumber(attempt)
end

local function readyScore(priority, since)
  local clamped = math.max(-PRIORITY_MAX, math.min(PRIORITY_MAX, priority))
  return int((PRIORITY_MAX - clamped) * PRIORITY_STEP + since)
end

local function priorityOf(score)
  return PRIORITY_MAX - math.floor(score / PRIORITY_STEP)
end

local touched = {} -- Channels to fill at the end of the script.

-- Makes an attempt ready now, or when it is due.
local function plan(run, i, m, attempt, due)
  local node = nodeOf(run, i)
  if due > now then
    call('ZADD', P .. 'delayed', int(due), attemptId(run, i, m, attempt))
    return
  end
  local channel = channelOf(run, node)
  call('ZADD', channelKey(channel, 'ready'), readyScore(node.priority, now), attemptId(run, i, m, attempt))
  touched[channel] = true
end

local function planRange(run, i)
  local node = nodeOf(run, i)
  local channel = channelOf(run, node)
  call('ZADD', channelKey(channel, 'ready'), readyScore(node.priority, now), run.seq .. '.' .. i .. '.*')
  touched[channel] = true
end

-- Takes a planned attempt back, wherever it waits.
local function unplan(run, i, m, attempt)
  local id = attemptId(run, i, m, attempt)
  local channel = channelOf(run, nodeOf(run, i))
  if call('ZREM', channelKey(channel, 'outbox'), id) == 0 and call('ZREM', channelKey(channel, 'ready'), id) == 0 then
    call('ZREM', P .. 'delayed', id)
  end
  touched[channel] = true
end

local function unplanRange(run, i)
  call('ZREM', channelKey(channelOf(run, nodeOf(run, i)), 'ready'), run.seq .. '.' .. i .. '.*')
end

-- Slots of the channel's pool that are free. Without a limit on the pool only the depth counts.
local function freeSlots(channel, queued)
  local pool = string.match(channel, '^[^@]*')
  local limits = call('HMGET', P .. 'pools', pool, pool .. '@depth')
  local depth = tonumber(limits[2]) or DEPTH_DEFAULT
  -- Filled again when half empty, so that attempts travel in batches and not one by one.
  if queued * 2 > depth then return 0 end
  local free = depth - queued
  local slots = tonumber(limits[1])
  if slots then
    for _, queue in ipairs(call('SMEMBERS', P .. 'pool:' .. pool)) do
      local sibling = pool .. '@' .. queue
      slots = slots - call('ZCARD', channelKey(sibling, 'outbox')) - call('ZCARD', channelKey(sibling, 'leases'))
    end
    free = math.min(free, slots)
  end
  return free
end

-- Hands out the next instances of a mapped task, at most `limit`; returns their ids, and whether some are left.
local function takeRange(seq, i, limit)
  local run = openRun(seq)
  if not run then return {}, false end
  local task = taskOf(run, i)
  if task.state ~= 'a' or not task.cursor then return {}, false end
  local upto = math.min(task.cursor + limit, task.n)
  local fields, ids = {}, {}
  for m = task.cursor, upto - 1 do table.insert(fields, fieldOf(i, m)) end
  local texts = task.kept and #fields > 0 and call('HMGET', run.key, unpack(fields)) or {}
  for k, field in ipairs(fields) do
    local instance = readInstance(task, run.set[field] or texts[k] or nil, true)
    -- Those that were ended by hand meanwhile, or were planned on their own by a clear, are left out.
    if instance.state == 'w' and instance.due == task.since then
      table.insert(ids, attemptId(run, i, task.cursor + k - 1, instance.attempt))
    end
  end
  editTask(run, i).cursor = upto
  return ids, upto < task.n
end

-- Moves ready attempts to the outbox as far as there are slots, and appends them to `out` as id, queue, priority. Whoever
-- called the script adds them to BullMQ.
local function fillChannel(channel, out)
  local ready, outbox = channelKey(channel, 'ready'), channelKey(channel, 'outbox')
  if call('ZCARD', ready) == 0 then return end
  local free = freeSlots(channel, call('ZCARD', outbox))
  local queue = string.match(channel, '@(.*)$')
  local added = {}
  while free > 0 do
    local head = call('ZRANGE', ready, 0, math.min(free, 100) - 1, 'WITHSCORES')
    if #head == 0 then break end
    local gone = {}
    for k = 1, #head, 2 do
      if free <= 0 then break end
      local id, score = head[k], tonumber(head[k + 1])
      local ids, more = { id }, false
      local seq, i, m = parseAttemptId(id)
      if m == '*' then ids, more = takeRange(seq, i, free) end
      -- The rest of a range goes to the end of its priority: runs take turns.
      if more then call('ZADD', ready, readyScore(priorityOf(score), now), id) else table.insert(gone, id) end
      for _, taken in ipairs(ids) do
        table.insert(added, int(now + DISPATCH_GRACE_MS))
        table.insert(added, taken)
        table.insert(out, taken)
        table.insert(out, queue)
        table.insert(out, priorityOf(score))
      end
      free = free - #ids
    end
    if #gone > 0 then call('ZREM', ready, unpack(gone)) end
  end
  inBatches('ZADD', outbox, added)
end

-- Fills every channel that this script has touched; the list is the reply to the caller.
local function fillTouched()
  local out = {}
  for channel in pairs(touched) do fillChannel(channel, out) end
  return out
end
