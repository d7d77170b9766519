-- Ends, one level up at a time: an instance, its task, the run. Keeps the counters; decides nothing about what follows.
-- The twin of engine/settle.ts, function by function.

--- @include "channels"
--- @include "lanes"

function fl.countEnded(counts, instance, sign)
  counts[instance.state] = counts[instance.state] + sign
  if instance.state == 's' and instance.cuts then counts.h = counts.h + sign end
end

function fl.isFinished(task)
  return task.state ~= 'n' and task.state ~= 'a'
end

function fl.isEnded(instance)
  local s = instance.state
  return s == 's' or s == 'f' or s == 'u' or s == 'k' or s == 'x'
end

function fl.isFailedLeaf(run, i, task)
  return (task.state == 'f' or task.state == 'u') and #fl.nodeOf(run, i).down == 0
end

-- Element k of a mapped source is what its k-th successful instance made. When not all were successful, their map indices are
-- written down once, five digits each, instead of being looked for by every claim.
function fl.rememberPlaces(run, i)
  local task = fl.taskOf(run, i)
  local node = fl.nodeOf(run, i)
  if not node.expand or not node.mappedOver or not task.n or task.counts.s == task.n then return end
  local places = {}
  for from = 0, task.n - 1, 1000 do
    local fields = {}
    for m = from, math.min(from + 999, task.n - 1) do table.insert(fields, fl.fieldOf(i, m)) end
    for k, text in ipairs(call('HMGET', run.key, unpack(fields))) do
      text = run.set[fields[k]] or text
      if text and string.sub(text, 1, 1) == 's' then table.insert(places, string.format('%05d', from + k - 1)) end
    end
  end
  call('SET', P .. 'places:' .. run.seq .. '.' .. i, table.concat(places))
end

-- `cut`: everything behind is skipped.
function fl.closeTask(run, i, state, finished, cut)
  local task = fl.editTask(run, i)
  task.state = state
  task.cut = cut or false
  if not task.rest then task.since, task.cursor, task.kept = nil, nil, false end
  fl.rememberPlaces(run, i)
  run.unfinished = run.unfinished - 1
  if fl.isFailedLeaf(run, i, task) then run.failedLeaves = run.failedLeaves + 1 end
  table.insert(finished, i)
end

-- The last instance has ended: the task's state follows from its counters.
function fl.endTask(run, i, finished)
  local c = fl.taskOf(run, i).counts
  if c.f > 0 then fl.closeTask(run, i, 'f', finished)
  elseif c.u > 0 then fl.closeTask(run, i, 'u', finished)
  elseif c.s == 0 then fl.closeTask(run, i, 'k', finished)
  else fl.closeTask(run, i, 's', finished, c.h == c.s) end
end

function fl.endInstance(run, i, m, ended, finished)
  local counts = fl.editTask(run, i).counts
  fl.putInstance(run, i, m, ended)
  counts.o = counts.o - 1
  fl.countEnded(counts, ended, 1)
  if counts.o == 0 then fl.endTask(run, i, finished) end
end

-- Finishes a task of which nothing has run.
function fl.endUnstarted(run, i, state, finished, cut, note)
  if not fl.nodeOf(run, i).expand then
    local counts = fl.editTask(run, i).counts
    local instance = fl.instanceOf(run, i, -1)
    instance.state = state
    instance.ended = now - run.created
    if note then fl.putExtra(run, i, -1, instance, { note = note }) end
    fl.putInstance(run, i, -1, instance)
    counts.o = counts.o - 1
    counts[state] = counts[state] + 1
  end
  fl.closeTask(run, i, state, finished, cut)
end

-- What a task means to `behind`, one of its direct downstream tasks: the letter of the counter that it is in.
function fl.meaningOf(run, i, behind)
  local task = fl.taskOf(run, i)
  if not fl.isFinished(task) then return 'o' end
  if task.cut then return 'c' end
  if task.state == 's' and not fl.nodeOf(run, i).expand then
    local extra = fl.extraOf(run, i, -1, fl.instanceOf(run, i, -1))
    for _, away in ipairs(extra.notFollowed or {}) do
      if away == fl.nodeOf(run, behind).id then return 'b' end
    end
  end
  return task.state
end

function fl.endRun(run)
  run.state = (run.failedLeaves > 0 or run.cancelled) and 'failed' or 'success'
  run.changed = true
  run.set.ended = fl.int(now)
  fl.note('run', run.seq, 'state', run.state, 'dag', run.dag)
  fl.leaveLane(run)
end
