-- A run being changed: what is read is read once, what is written is written by saveRuns at the end of the script.

--- @include "records"

fl.runs = {} -- Open runs by number: ending one may begin another.

-- Undefined run: nil. Who knows which instance it is about says so: it is read along, for each further call of Redis costs more
-- than what it reads.
function fl.openRun(seq, i, m)
  local known = fl.runs[seq]
  if known ~= nil then
    if known and i then fl.readAlong(known, i, m) end
    return known or nil
  end
  local key = P .. 'run:' .. seq
  local field = i and fl.fieldOf(i, m) or 'state'
  local v = call(
    'HMGET', key, 'dag', 'version', 'state', 'unfinished', 'failedLeaves', 'cancelled', 'created', 'started', 'pool', 'lane', 'kind',
    'rev', 't' .. (i or ''), field, 'p' .. field
  )
  if not v[1] then
    fl.runs[seq] = false
    return nil
  end
  local run = {
    seq = seq, key = key, dag = v[1], state = v[3], unfinished = tonumber(v[4]), failedLeaves = tonumber(v[5]),
    cancelled = v[6] or nil, created = tonumber(v[7]), started = tonumber(v[8]), pool = v[9] or nil, lane = v[10], backfill = v[11] == 'backfill',
    graph = P .. 'graph:' .. v[1] .. ':' .. v[2], rev = tonumber(v[12]) or 0,
    nodes = {}, tasks = {}, dirtyTasks = {}, set = {}, del = {}, got = {},
  }
  if i then fl.keepRead(run, i, field, v[13], v[14], v[15]) end
  fl.runs[seq] = run
  return run
end

function fl.keepRead(run, i, field, task, instance, progress)
  if task and not run.tasks[i] then run.tasks[i] = fl.decodeTask(task) end
  run.got[field], run.got['p' .. field] = instance, progress
end

-- The record of a task, of one of its instances, and its progress, in one call.
function fl.readAlong(run, i, m)
  local field = fl.fieldOf(i, m)
  if run.got[field] ~= nil then return end
  local v = call('HMGET', run.key, 't' .. i, field, 'p' .. field)
  fl.keepRead(run, i, field, v[1], v[2], v[3])
end

-- A field of the run as it is, or will be when the script ends.
function fl.textOf(run, field)
  local text = run.set[field]
  if text == nil then text = run.got[field] end
  if text == nil then text = call('HGET', run.key, field) end
  return text or nil
end

-- The task as the DAG has it: { id, rule, pool, queue, priority, retry, expand, up, down, inputs, mappedOver }, see redis-graph.ts.
function fl.nodeOf(run, i)
  local node = run.nodes[i]
  if not node then
    local text = call('HGET', run.graph, i)
    if not text then return nil end
    node = cjson.decode(text)
    run.nodes[i] = node
  end
  return node
end

function fl.taskOf(run, i)
  local task = run.tasks[i]
  if not task then
    local text = call('HGET', run.key, 't' .. i)
    if text then
      task = fl.decodeTask(text)
    else
      local node = fl.nodeOf(run, i)
      task = {
        state = 'n', cut = false, kept = false,
        up = { o = #node.up, s = 0, f = 0, u = 0, k = 0, c = 0, b = 0 },
        counts = { o = node.expand and 0 or 1, s = 0, f = 0, u = 0, k = 0, h = 0 },
      }
    end
    run.tasks[i] = task
  end
  return task
end

-- The same, to be written to.
function fl.editTask(run, i)
  run.changed = true
  run.dirtyTasks[i] = true
  return fl.taskOf(run, i)
end

function fl.fieldOf(i, m)
  return m == -1 and tostring(i) or (i .. '.' .. m)
end

-- How many places for instances a task has: those of its latest expansion (an earlier one may have left more behind, `removed`).
function fl.isPlace(node, task, m)
  if not node.expand then return m == -1 end
  return task.n ~= nil and m >= 0 and m < task.n
end

-- What a record, or the lack of one, means. A mapped task hands its instances out without writing a record for each: one
-- without a record, or last reset by a clear, is scheduled for its next attempt since the task was expanded.
function fl.readInstance(task, text, place, m)
  local instance = text and fl.decodeInstance(text) or { state = 'n', attempt = 0, failures = 0, losses = 0 }
  if place and task.rest and not text and m >= task.cursor then
    instance.state, instance.attempt, instance.ended = 'k', 1, task.since
  end
  if place and task.state == 'a' and task.since and (instance.state == 'n' or instance.state == 'x') then
    instance.state = 'w'
    instance.attempt = instance.attempt + 1
    instance.due = task.since
  end
  return instance
end

-- nil when there is no such instance.
function fl.instanceOf(run, i, m)
  local field = fl.fieldOf(i, m)
  local text = fl.textOf(run, field)
  local node, task = fl.nodeOf(run, i), fl.taskOf(run, i)
  local place = fl.isPlace(node, task, m)
  if not text and not place then return nil end
  return fl.readInstance(task, text, place and node.expand, m)
end

function fl.putInstance(run, i, m, instance)
  run.changed = true
  run.set[fl.fieldOf(i, m)] = fl.encodeInstance(instance)
  local task = fl.taskOf(run, i)
  if m ~= -1 and task.cursor and m >= task.cursor and not task.kept and not task.rest then fl.editTask(run, i).kept = true end
end

-- The rarer things of an instance: error, note, shortCircuit, notFollowed, marked.
function fl.extraOf(run, i, m, instance)
  if not instance.hasExtra then return {} end
  local field = 'x' .. fl.fieldOf(i, m)
  local text = run.set[field] or call('HGET', run.key, field)
  return text and cjson.decode(text) or {}
end

function fl.putExtra(run, i, m, instance, extra)
  local field = 'x' .. fl.fieldOf(i, m)
  if next(extra) == nil then
    if instance.hasExtra then
      run.set[field] = nil
      table.insert(run.del, field)
    end
    instance.hasExtra = false
  else
    run.set[field] = cjson.encode(extra)
    instance.hasExtra = true
  end
end

-- unpack() has a limit of some thousand values.
function fl.inBatches(command, key, values)
  for from = 1, #values, 1000 do
    call(command, key, unpack(values, from, math.min(from + 999, #values)))
  end
end

function fl.saveRuns()
  for _, run in pairs(fl.runs) do
    if run and run.changed then
      fl.inBatches('HDEL', run.key, run.del)
      local fields = { 'state', run.state, 'unfinished', run.unfinished, 'failedLeaves', run.failedLeaves, 'rev', run.rev + 1 }
      for i in pairs(run.dirtyTasks) do
        table.insert(fields, 't' .. i)
        table.insert(fields, fl.encodeTask(run.tasks[i]))
      end
      for field, text in pairs(run.set) do
        table.insert(fields, field)
        table.insert(fields, text)
      end
      fl.inBatches('HSET', run.key, fields)
    end
  end
end
