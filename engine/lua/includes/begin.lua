-- A worker begins an attempt: what changes, and what it is told.

--- @include "current"
--- @include "inputs"

function fl.begin(at, token, worker, leaseMs)
  local run, instance = at.run, at.instance
  local extra = fl.extraOf(run, at.i, at.m, instance)
  if extra.note then
    extra.note = nil
    fl.putExtra(run, at.i, at.m, instance, extra)
  end
  instance.state, instance.token, instance.worker, instance.due = 'r', token, worker, nil
  instance.started = now - run.created
  instance.first = instance.first or instance.started
  fl.putInstance(run, at.i, at.m, instance)
  call('ZADD', fl.channelKey(at.channel, 'leases'), fl.int(now + leaseMs), at.id)
end

-- { about, inputs, long lists }
--   about       name, value, … of what the attempt is about: see ClaimedAttempt in engine/attempt-store.ts
--   inputs      JSON object
--   long lists  inputs left out of it: name, place of the task, 'elements' | 'successes', count, …
function fl.briefing(at)
  local run, node = at.run, at.node
  local fields = call('HMGET', run.key, 'id', 'version', 'start', 'end', 'day', 'params')
  local about = {
    'attemptId', at.id, 'dagId', run.dag, 'runId', fields[1], 'version', fields[2], 'startIso', fields[3], 'endIso', fields[4],
    'day', fields[5], 'paramsJson', fields[6], 'taskId', node.id, 'mapCount', fl.taskOf(run, at.i).n or 1,
    'timeoutMs', node.timeoutMs, 'splitsResult', node.mappedOver and not node.expand and 1 or 0,
  }
  local inputs, lists = fl.inputsOf(run, node, at.m)
  return { about, inputs, lists }
end
