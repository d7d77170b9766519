-- How the end of a task travels: to the tasks behind it, from them on, and to the run. The twin of engine/propagate.ts and
-- engine/expansion.ts.

--- @include "settle"
--- @include "trigger-rules"

-- Makes an instance that has not begun, or was cleared, ready for its next attempt.
function fl.scheduleInstance(run, i, m, instance)
  instance.state = 'w'
  instance.attempt = instance.attempt + 1
  instance.due = now - run.created
  fl.putInstance(run, i, m, instance)
  fl.plan(run, i, m, instance.attempt, now)
end

-- How many elements a task mapped over this one gets; nil while unknown, or when it made no list.
function fl.listLengthOf(run, i)
  local task = fl.taskOf(run, i)
  if not fl.isFinished(task) then return nil end
  if fl.nodeOf(run, i).expand then return task.counts.s end
  return task.state == 's' and fl.instanceOf(run, i, -1).len or nil
end

function fl.startTask(run, i, finished)
  local node = fl.nodeOf(run, i)
  if not node.expand then
    fl.editTask(run, i).state = 'a'
    fl.scheduleInstance(run, i, -1, fl.instanceOf(run, i, -1))
    return
  end
  -- Another path may have satisfied one_success or one_failed; the list comes with the source, whose end asks again.
  if not fl.isFinished(fl.taskOf(run, node.expand)) then return end
  local n = fl.listLengthOf(run, node.expand) or 0
  local task = fl.editTask(run, i)
  task.n = n
  if n == 0 then return fl.endUnstarted(run, i, 'k', finished) end
  task.state = 'a'
  task.counts.o = n
  -- One entry stands for all instances; they are handed out by and by, so that no script is busy for long.
  task.since, task.cursor = now - run.created, 0
  fl.planRange(run, i)
end

-- Applies its trigger rule to a task that has not been decided yet.
function fl.decide(run, i, finished)
  local task = fl.taskOf(run, i)
  if task.state ~= 'n' or run.state ~= 'running' or run.cancelled then return end
  local verdict = fl.verdictOf(fl.nodeOf(run, i).rule, task.up)
  if verdict == 'run' then fl.startTask(run, i, finished)
  elseif verdict == 'upstream_failed' then fl.endUnstarted(run, i, 'u', finished)
  elseif verdict ~= 'wait' then fl.endUnstarted(run, i, 'k', finished, verdict == 'cut') end
end

-- Tells the tasks behind each finished one and decides them; those that finish without running are put at the end of `finished`.
function fl.propagate(run, finished)
  local at = 1
  while finished[at] do
    local i = finished[at]
    for _, behind in ipairs(fl.nodeOf(run, i).down) do
      local up, meaning = fl.editTask(run, behind).up, fl.meaningOf(run, i, behind)
      up.o = up.o - 1
      up[meaning] = up[meaning] + 1
      fl.decide(run, behind, finished)
    end
    at = at + 1
  end
  if run.unfinished == 0 then fl.endRun(run) end
end
