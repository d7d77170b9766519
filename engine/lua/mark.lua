--[[
  Ends a task, or one of its instances, by hand. A success may bring its result.

  ARGV   1 prefix   2 now or ''   3 run number   4 place of the task in the graph   5 map index, or '' for all instances
         6 state letter: s success, f failed, k skipped   7 note   8 1 to leave alone what has ended, or ''
         9 result JSON or ''   10 list length or ''   11… elements of the result when it is a list that is mapped over (9 is '' then)

  Result
    { 1, dispatch, run state, number of instances that were changed, or 1 for a task without instances }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE
]]
--- @include "base"
--- @include "interventions"

local run = fl.openRun(ARGV[3])
if not run then return { fl.RUN_UNKNOWN } end
local i, only, state = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local node = fl.nodeOf(run, i)
if not node then return { fl.UNKNOWN_INSTANCE } end
if only and not fl.isPlace(node, fl.taskOf(run, i), only) then return { fl.UNKNOWN_INSTANCE } end

local elements = nil
if node.mappedOver and not node.expand and ARGV[10] ~= '' then
  elements = {}
  for k = 11, #ARGV do table.insert(elements, ARGV[k]) end
end

local openOnly = ARGV[8] == '1'
if openOnly and fl.isFinished(fl.taskOf(run, i)) then return { 1, {}, run.state, 0 } end
local present, changed = 0, {}
fl.eachInstance(run, i, function(m, instance, untouched)
  present = present + 1
  if (not only or m == only) and instance.state ~= state and not (openOnly and fl.isEnded(instance)) then
    table.insert(changed, { m = m, instance = instance, untouched = untouched })
  end
end)
if #changed == 0 and (present > 0 or fl.taskOf(run, i).state == state) then return { 1, {}, run.state, 0 } end

if fl.isFinished(fl.taskOf(run, i)) then fl.reopenTask(run, i) end
local task = fl.editTask(run, i)
for _, at in ipairs(changed) do
  local m, instance = at.m, at.instance
  fl.stop(run, i, m, instance, at.untouched)
  if fl.isEnded(instance) then
    fl.countEnded(task.counts, fl.withCuts(run, i, m, instance), -1)
  else
    task.counts.o = task.counts.o - 1
  end
  local marked = {
    state = state, attempt = instance.attempt, failures = instance.failures, losses = instance.losses,
    ended = now - run.created, hasExtra = instance.hasExtra,
    len = state == 's' and tonumber(ARGV[10]) or nil,
  }
  fl.putExtra(run, i, m, marked, { note = ARGV[7], marked = true })
  fl.putInstance(run, i, m, marked)
  fl.countEnded(task.counts, marked, 1)
  if state == 's' then fl.putResult(run, i, m, ARGV[9], elements) end
end

local finished = {}
if present == 0 then
  task.n = 0 -- Mapped and never expanded: it ends without instances, and makes an empty list.
  fl.closeTask(run, i, state, finished)
elseif task.counts.o == 0 then
  fl.endTask(run, i, finished)
end
if #finished > 0 then fl.propagate(run, finished) end
local dispatch = fl.close()
return { 1, dispatch, run.state, math.max(1, #changed) }
