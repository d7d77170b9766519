-- What the reports about attempts share. The twin of the helpers of engine/attempts.ts.

--- @include "close"

-- The attempt that an id names, if it is its instance's current one: context table, or nil and the refusal.
local function currentAttempt(id)
  local seq, i, m, attempt = parseAttemptId(id)
  local run = seq and openRun(seq)
  if not run then return nil, RUN_UNKNOWN end
  local node = nodeOf(run, i)
  local instance = node and instanceOf(run, i, m)
  if not instance then return nil, UNKNOWN_INSTANCE end
  if instance.attempt ~= attempt then return nil, STALE_ATTEMPT end
  return { id = id, run = run, i = i, m = m, node = node, instance = instance, channel = channelOf(run, node) }
end

-- The same, if `token` holds it and it runs. Third result: the attempt although it does not run.
local function heldAttempt(id, token)
  local at, refusal = currentAttempt(id)
  if not at then return nil, refusal end
  if at.instance.token ~= token then return nil, STALE_ATTEMPT end
  if at.instance.state ~= 'r' then return nil, WRONG_STATE, at end
  return at
end

-- Whether this very attempt has reported this very end before, and its reply got lost.
local function isRepeated(at, state)
  return at ~= nil and at.instance.state == state and extraOf(at.run, at.i, at.m, at.instance).marked == nil
end

-- The attempt runs no more: its lease, its slot and its progress go.
local function freeLease(at)
  call('ZREM', channelKey(at.channel, 'leases'), at.id)
  table.insert(at.run.del, 'p' .. fieldOf(at.i, at.m))
  touched[at.channel] = true
end

-- Keeps what is not visible in the latest record: attempts that did not end well. Capped; see history in redis-read-model.ts.
local HISTORY_MAX = 2000
local function remember(at, outcome, failure)
  local i = at.instance
  local key = P .. 'history:' .. at.run.seq
  call('RPUSH', key, cjson.encode({
    task = at.node.id, map = at.m, attempt = i.attempt, outcome = outcome, worker = i.worker,
    started = i.started, ended = now - at.run.created, error = failure,
  }))
  call('LTRIM', key, -HISTORY_MAX, -1)
end

local function tryAgain(at, state, due)
  local i = at.instance
  i.state = state
  i.attempt = i.attempt + 1
  i.due = due - at.run.created
  putInstance(at.run, at.i, at.m, i)
  plan(at.run, at.i, at.m, i.attempt, due)
end

local function endAttempt(at, state)
  local finished = {}
  at.instance.state = state
  at.instance.ended = now - at.run.created
  endInstance(at.run, at.i, at.m, at.instance, finished)
  if #finished > 0 then propagate(at.run, finished) end
end

-- See retryDelayMs in engine/retry.ts: multiplied step by step, so that both compute the same doubles.
local function retryDelay(retry, failures, random)
  local delay = retry.backoffMs
  for _ = 2, failures do
    if delay >= retry.backoffMaxMs then break end
    delay = delay * retry.backoffFactor
  end
  delay = math.min(delay, retry.backoffMaxMs)
  return math.floor(delay * (1 - retry.jitter + 2 * retry.jitter * random) + 0.5)
end
