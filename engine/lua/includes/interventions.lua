-- What cancel, clear and mark share. The twin of the helpers of engine/interventions.ts.

--- @include "close"
--- @include "results"

-- Calls visit(m, instance, untouched) for each instance of the latest expansion; `untouched`: it has no record of its own and
-- has not been handed out, so it waits nowhere but in its range.
function fl.eachInstance(run, i, visit)
  local node, task = fl.nodeOf(run, i), fl.taskOf(run, i)
  if not node.expand then return visit(-1, fl.instanceOf(run, i, -1), false) end
  local n, cursor = task.n or 0, task.cursor
  for from = 0, n - 1, 1000 do
    local fields = {}
    for m = from, math.min(from + 999, n - 1) do table.insert(fields, fl.fieldOf(i, m)) end
    local texts = call('HMGET', run.key, unpack(fields))
    for k, field in ipairs(fields) do
      local text = run.set[field] or texts[k] or nil
      local m = from + k - 1
      visit(m, fl.readInstance(task, text, true, m), not text and cursor ~= nil and m >= cursor)
    end
  end
end

-- The current attempt, if there is one, is over: its worker learns of it by its next heartbeat.
function fl.stop(run, i, m, instance, untouched)
  if instance.state == 'r' then
    local channel = fl.channelOf(run, fl.nodeOf(run, i))
    call('ZREM', fl.channelKey(channel, 'leases'), fl.attemptId(run, i, m, instance.attempt))
    table.insert(run.del, 'p' .. fl.fieldOf(i, m))
    fl.leaveLimits(run, i, fl.attemptId(run, i, m, instance.attempt))
    fl.touched[channel] = true
  elseif not untouched and instance.state ~= 'n' and not fl.isEnded(instance) then
    fl.unplan(run, i, m, instance.attempt)
  end
end

-- `cuts` lives in the extra part; the counters need it.
function fl.withCuts(run, i, m, instance)
  instance.cuts = instance.state == 's' and fl.extraOf(run, i, m, instance).shortCircuit ~= nil
  return instance
end

-- As before its first attempt; the number of the latest attempt is kept.
function fl.resetRecord(run, i, m, instance, state)
  fl.putExtra(run, i, m, instance, {})
  local fresh = { state = state, attempt = instance.attempt, failures = 0, losses = 0 }
  fl.putInstance(run, i, m, fresh)
  return fresh
end

-- Takes back what a finished task has told the tasks behind it and the run; it is active then, its instances untouched.
function fl.reopenTask(run, i)
  local task = fl.editTask(run, i)
  for _, behind in ipairs(fl.nodeOf(run, i).down) do
    local up, meaning = fl.editTask(run, behind).up, fl.meaningOf(run, i, behind)
    up[meaning] = up[meaning] - 1
    up.o = up.o + 1
  end
  if fl.isFailedLeaf(run, i, task) then run.failedLeaves = run.failedLeaves - 1 end
  run.unfinished = run.unfinished + 1
  task.state = 'a'
  task.cut = false
end
