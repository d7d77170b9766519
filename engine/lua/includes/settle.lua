-- Ends, one level up at a time: an instance, its task, the run. Keeps the counters; decides nothing about what follows.
-- The twin of engine/settle.ts, function by function.

--- @include "channels"
--- @include "lanes"

local function countEnded(counts, instance, sign)
  counts[instance.state] = counts[instance.state] + sign
  if instance.state == 's' and instance.cuts then counts.h = counts.h + sign end
end

local function isFinished(task)
  return task.state ~= 'n' and task.state ~= 'a'
end

local function isEnded(instance)
  local s = instance.state
  return s == 's' or s == 'f' or s == 'u' or s == 'k' or s == 'x'
end

local function isFailedLeaf(run, i, task)
  return (task.state == 'f' or task.state == 'u') and #nodeOf(run, i).down == 0
end

-- Element k of a mapped source is what its k-th successful instance made. When not all were successful, their map indices are
-- written down once, five digits each, instead of being looked for by every claim.
local function rememberPlaces(run, i)
  local task = taskOf(run, i)
  local node = nodeOf(run, i)
  if not node.expand or not node.mappedOver or not task.n or task.counts.s == task.n then return end
  local places = {}
  for from = 0, task.n - 1, 1000 do
    local fields = {}
    for m = from, math.min(from + 999, task.n - 1) do table.insert(fields, fieldOf(i, m)) end
    for k, text in ipairs(call('HMGET', run.key, unpack(fields))) do
      text = run.set[fields[k]] or text
      if text and string.sub(text, 1, 1) == 's' then table.insert(places, string.format('%05d', from + k - 1)) end
    end
  end
  call('SET', P .. 'places:' .. run.seq .. '.' .. i, table.concat(places))
end

-- `cut`: everything behind is skipped.
local function closeTask(run, i, state, finished, cut)
  local task = editTask(run, i)
  task.state = state
  task.cut = cut or false
  task.since, task.cursor, task.kept = nil, nil, false
  rememberPlaces(run, i)
  run.unfinished = run.unfinished - 1
  if isFailedLeaf(run, i, task) then run.failedLeaves = run.failedLeaves + 1 end
  table.insert(finished, i)
end

-- The last instance has ended: the task's state follows from its counters.
local function endTask(run, i, finished)
  local c = taskOf(run, i).counts
  if c.f > 0 then closeTask(run, i, 'f', finished)
  elseif c.u > 0 then closeTask(run, i, 'u', finished)
  elseif c.s == 0 then closeTask(run, i, 'k', finished)
  else closeTask(run, i, 's', finished, c.h == c.s) end
end

local function endInstance(run, i, m, ended, finished)
  local counts = editTask(run, i).counts
  putInstance(run, i, m, ended)
  counts.o = counts.o - 1
  countEnded(counts, ended, 1)
  if counts.o == 0 then endTask(run, i, finished) end
end

-- Finishes a task of which nothing has run.
local function endUnstarted(run, i, state, finished, cut, note)
  if not nodeOf(run, i).expand then
    local counts = editTask(run, i).counts
    local instance = instanceOf(run, i, -1)
    instance.state = state
    instance.ended = now - run.created
    if note then putExtra(run, i, -1, instance, { note = note }) end
    putInstance(run, i, -1, instance)
    counts.o = counts.o - 1
    counts[state] = counts[state] + 1
  end
  closeTask(run, i, state, finished, cut)
end

-- What a task means to `behind`, one of its direct downstream tasks: the letter of the counter that it is in.
local function meaningOf(run, i, behind)
  local task = taskOf(run, i)
  if not isFinished(task) then return 'o' end
  if task.cut then return 'c' end
  if task.state == 's' and not nodeOf(run, i).expand then
    local extra = extraOf(run, i, -1, instanceOf(run, i, -1))
    for _, away in ipairs(extra.notFollowed or {}) do
      if away == nodeOf(run, behind).id then return 'b' end
    end
  end
  return task.state
end

-- Takes back what a finished task has told the tasks behind it and the run; it is active then, its instances untouched.
local function reopenTask(run, i)
  local task = editTask(run, i)
  for _, behind in ipairs(nodeOf(run, i).down) do
    local up, meaning = editTask(run, behind).up, meaningOf(run, i, behind)
    up[meaning] = up[meaning] - 1
    up.o = up.o + 1
  end
  if isFailedLeaf(run, i, task) then run.failedLeaves = run.failedLeaves - 1 end
  run.unfinished = run.unfinished + 1
  task.state = 'a'
  task.cut = false
end

local function endRun(run)
  run.state = (run.failedLeaves > 0 or run.cancelled) and 'failed' or 'success'
  run.changed = true
  run.set.ended = int(now)
  leaveLane(run)
end
