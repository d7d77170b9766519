--[[
  Sets tasks back to before their first attempt, and whatever in flight reads from them; the run goes on from there.

  ARGV   1 prefix   2 now or ''   3 run number   4 JSON list of { task, indices? }: place of the task in the graph, map indices

  Result
    { 1, dispatch, run state }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE (nothing is changed)
]]
--- @include "base"
--- @include "interventions"

local ALL = 'all'

-- Whether a task, decided now, would be expanded to the instances it has.
local function expansionStands(run, i)
  local node, task = fl.nodeOf(run, i), fl.taskOf(run, i)
  return node.expand ~= nil and (task.n or 0) > 0 and fl.verdictOf(node.rule, task.up) == 'run'
    and fl.listLengthOf(run, node.expand) == task.n
end

-- What to reset, in topological order: what is asked for, and direct downstream tasks in flight of a task that had finished, for
-- they read what is about to be made anew. nil when a target does not exist.
local function collectTargets(run, count, asked)
  local wanted = {}
  for _, target in ipairs(asked) do
    local i = target.task
    if i < 0 or i >= count then return nil end
    if not target.indices or wanted[i] == ALL then
      wanted[i] = ALL
    else
      wanted[i] = wanted[i] or {}
      for _, m in ipairs(target.indices) do wanted[i][m] = true end
    end
  end
  local finished = {}
  for i in pairs(wanted) do
    if fl.isFinished(fl.taskOf(run, i)) then table.insert(finished, i) end
  end
  for _, i in ipairs(finished) do
    for _, behind in ipairs(fl.nodeOf(run, i).down) do
      if fl.taskOf(run, behind).state == 'a' then wanted[behind] = ALL end
    end
  end
  local targets, chosen = {}, {}
  for i = 0, count - 1 do
    local indices = wanted[i]
    if indices then
      local whole = indices == ALL or not expansionStands(run, i)
      for _, before in ipairs(fl.nodeOf(run, i).up) do whole = whole or chosen[before] == true end
      local list = {}
      if not whole then
        local n = fl.taskOf(run, i).n
        for m in pairs(indices) do
          if m < 0 or m >= n then return nil end
          table.insert(list, m)
        end
        table.sort(list)
      end
      chosen[i] = true
      table.insert(targets, { i = i, indices = whole and ALL or list })
    end
  end
  return targets
end

local function reopenRun(run)
  if run.state ~= 'success' and run.state ~= 'failed' then return end
  run.state = run.started and 'running' or 'queued'
  run.cancelled = nil
  run.changed = true
  table.insert(run.del, 'ended')
  table.insert(run.del, 'cancelled')
  fl.rejoinLane(run)
end

-- There may be thousands, most of them ended: of those only the number of the attempt is looked at.
local function resetMapped(run, i)
  local task = fl.taskOf(run, i)
  local untouched = (task.since or task.rest) and 1 or 0
  for from = 0, (task.n or 0) - 1, 1000 do
    local fields = {}
    for m = from, math.min(from + 999, task.n - 1) do table.insert(fields, fl.fieldOf(i, m)) end
    for k, text in ipairs(call('HMGET', run.key, unpack(fields))) do
      local state, attempt = 'n', untouched
      if text then
        state, attempt = string.match(text, '^(%a)|(%d+)')
        if string.sub(text, -1) == '1' then table.insert(run.del, 'x' .. fields[k]) end
      end
      if state ~= 's' and state ~= 'f' and state ~= 'k' and (text or (task.cursor and from + k - 1 < task.cursor)) then
        local instance = fl.readInstance(task, text, true, from + k - 1)
        attempt = instance.attempt
        fl.stop(run, i, from + k - 1, instance, false)
      end
      run.set[fields[k]] = 'x|' .. attempt .. '|0|0||||||||'
    end
  end
end

-- Back to undecided. Instances of a mapped task are removed until it is expanded again, perhaps to fewer.
local function resetTask(run, i)
  local task, mapped = fl.editTask(run, i), fl.nodeOf(run, i).expand
  if mapped then
    fl.unplanRange(run, i)
    resetMapped(run, i)
  else
    local instance = fl.instanceOf(run, i, -1)
    fl.stop(run, i, -1, instance, false)
    fl.resetRecord(run, i, -1, instance, 'n')
  end
  task.counts = { o = mapped and 0 or 1, s = 0, f = 0, u = 0, k = 0, h = 0 }
  -- Records are left behind, of attempts that have been: the next expansion must look at them.
  task.state, task.n, task.since, task.cursor, task.kept, task.rest = 'n', nil, nil, nil, mapped ~= nil, false
end

local function resetInstance(run, i, m)
  local counts, instance = fl.editTask(run, i).counts, fl.instanceOf(run, i, m)
  local task = fl.taskOf(run, i)
  fl.stop(run, i, m, instance, not call('HGET', run.key, fl.fieldOf(i, m)) and task.cursor ~= nil and m >= task.cursor)
  if fl.isEnded(instance) then
    fl.countEnded(counts, fl.withCuts(run, i, m, instance), -1)
    counts.o = counts.o + 1
  end
  fl.resetRecord(run, i, m, instance, 'n')
end

local run = fl.openRun(ARGV[3])
if not run then return { fl.RUN_UNKNOWN } end
local count = tonumber(call('HGET', run.graph, 'count'))
local targets = collectTargets(run, count, cjson.decode(ARGV[4]))
if not targets then return { fl.UNKNOWN_INSTANCE } end

reopenRun(run)
for _, target in ipairs(targets) do
  if fl.isFinished(fl.taskOf(run, target.i)) then fl.reopenTask(run, target.i) end
  if target.indices == ALL then
    resetTask(run, target.i)
  else
    for _, m in ipairs(target.indices) do resetInstance(run, target.i, m) end
  end
end
if run.state == 'running' then
  local finished = {}
  for _, target in ipairs(targets) do
    if target.indices == ALL then
      fl.decide(run, target.i, finished)
    else
      for _, m in ipairs(target.indices) do
        local record = fl.decodeInstance(run.set[fl.fieldOf(target.i, m)])
        fl.scheduleInstance(run, target.i, m, record)
      end
    end
  end
  fl.propagate(run, finished)
end
return { 1, fl.close(), run.state }
