-- What follows an attempt that did not end well: it is remembered, and another one planned.

--- @include "attempts"

-- Keeps what is not visible in the latest record: attempts that did not end well. Capped; see history in redis-read-model.ts.
fl.HISTORY_MAX = 2000
function fl.remember(at, outcome, failure)
  local i = at.instance
  local key = P .. 'history:' .. at.run.seq
  call('RPUSH', key, cjson.encode({
    task = at.node.id, map = at.m, attempt = i.attempt, outcome = outcome, worker = i.worker,
    started = i.started, ended = now - at.run.created, error = failure,
  }))
  call('LTRIM', key, -fl.HISTORY_MAX, -1)
  fl.note('attempt', at.id, 'outcome', outcome, 'error', cjson.encode(failure))
end

function fl.tryAgain(at, state, due)
  local i = at.instance
  i.state = state
  i.attempt = i.attempt + 1
  i.due = due - at.run.created
  fl.putInstance(at.run, at.i, at.m, i)
  fl.plan(at.run, at.i, at.m, i.attempt, due)
end

-- See retryDelayMs in engine/retry.ts: multiplied step by step, so that both compute the same doubles.
function fl.retryDelay(retry, failures, random)
  local delay = retry.backoffMs
  for _ = 2, failures do
    if delay >= retry.backoffMaxMs then break end
    delay = delay * retry.backoffFactor
  end
  delay = math.min(delay, retry.backoffMaxMs)
  return math.floor(delay * (1 - retry.jitter + 2 * retry.jitter * random) + 0.5)
end
