-- The attempt that somebody reports about. The twin of the helpers of engine/attempts.ts.

--- @include "channels"

-- The attempt that an id names, if it is its instance's current one: context table, or nil and the refusal.
function fl.currentAttempt(id)
  local seq, i, m, attempt = fl.parseAttemptId(id)
  local run = seq and fl.openRun(seq, i, m)
  if not run then return nil, fl.RUN_UNKNOWN end
  local node = fl.nodeOf(run, i)
  local instance = node and fl.instanceOf(run, i, m)
  if not instance then return nil, fl.UNKNOWN_INSTANCE end
  if instance.attempt ~= attempt then return nil, fl.STALE_ATTEMPT end
  return { id = id, run = run, i = i, m = m, node = node, instance = instance, channel = fl.channelOf(run, node) }
end

-- The same, if `token` holds it and it runs. Third result: the attempt although it does not run.
function fl.heldAttempt(id, token)
  local at, refusal = fl.currentAttempt(id)
  if not at then return nil, refusal end
  if at.instance.token ~= token then return nil, fl.STALE_ATTEMPT end
  if at.instance.state ~= 'r' then return nil, fl.WRONG_STATE, at end
  return at
end
