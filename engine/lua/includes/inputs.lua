-- What an attempt receives: the results of the tasks before it, as JSON text, without parsing any of it.
--
--   results:<run>   hash: <task> → JSON of an unmapped task; <task>.<k> → JSON of map index k, or element k of a list that is
--                   mapped over. No field: it made nothing.
--   places:<run>.<task>   map indices of the successful instances, five digits each, when not all were.

--- @include "run"

fl.LIST_INLINE_MAX = 256 -- Longer lists are read by the worker, chunk by chunk: see engine/redis-inputs.ts.

function fl.listJson(key, i, count)
  if count == 0 then return '[]' end
  local fields = {}
  for k = 0, count - 1 do table.insert(fields, i .. '.' .. k) end
  local values = call('HMGET', key, unpack(fields))
  for k = 1, count do values[k] = values[k] or 'null' end
  return '[' .. table.concat(values, ',') .. ']'
end

-- The result of task `i` as JSON; nil when it has none; or nil and how to read it: 'elements' or 'successes', and how many.
function fl.resultJson(run, key, i)
  fl.readAlong(run, i, -1)
  local node, task = fl.nodeOf(run, i), fl.taskOf(run, i)
  if node.expand then
    if not task.n or task.state == 'n' or task.state == 'a' then return nil end
    if task.counts.s ~= task.n then return nil, 'successes', task.n end
    if task.n > fl.LIST_INLINE_MAX then return nil, 'elements', task.n end
    return fl.listJson(key, i, task.n)
  end
  if task.state ~= 's' then return nil end
  if node.mappedOver then
    local instance = fl.instanceOf(run, i, -1)
    if instance.len then
      if instance.len > fl.LIST_INLINE_MAX then return nil, 'elements', instance.len end
      return fl.listJson(key, i, instance.len)
    end
  end
  return call('HGET', key, i) or nil
end

-- Element `m` of the list that task `i` made; nil when the list has been taken away or shortened by hand.
function fl.elementJson(run, key, i, m)
  fl.readAlong(run, i, -1)
  local task = fl.taskOf(run, i)
  local place = m
  if fl.nodeOf(run, i).expand then
    if not task.n or task.state == 'n' or task.state == 'a' then return nil end
    if task.counts.s ~= task.n then
      place = tonumber(call('GETRANGE', P .. 'places:' .. run.seq .. '.' .. i, m * 5, m * 5 + 4))
    end
  else
    local length = task.state == 's' and fl.instanceOf(run, i, -1).len or 0
    if m >= length then place = nil end
  end
  return place and (call('HGET', key, i .. '.' .. place) or 'null')
end

-- The inputs as one JSON object, and the lists that are too long for it: name, task, kind, count, name, …
function fl.inputsOf(run, node, m)
  local key = P .. 'results:' .. run.seq
  local parts, lists = {}, {}
  for _, input in ipairs(node.inputs) do
    local name, source = input[1], input[2]
    local json, kind, count
    if node.expandInput == name then
      json = fl.elementJson(run, key, source, m)
    else
      json, kind, count = fl.resultJson(run, key, source)
    end
    if json then table.insert(parts, cjson.encode(name) .. ':' .. json) end
    if kind then
      for _, value in ipairs({ name, source, kind, count }) do table.insert(lists, value) end
    end
  end
  return '{' .. table.concat(parts, ',') .. '}', lists
end
