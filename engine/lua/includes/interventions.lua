-- What cancel, clear and mark share. The twin of the helpers of engine/interventions.ts.

--- @include "close"
--- @include "inputs"

-- Calls visit(m, instance, untouched) for each instance of the latest expansion; `untouched`: it has no record of its own and
-- has not been handed out, so it waits nowhere but in its range.
local function eachInstance(run, i, visit)
  local node, task = nodeOf(run, i), taskOf(run, i)
  if not node.expand then return visit(-1, instanceOf(run, i, -1), false) end
  local n, cursor = task.n or 0, task.cursor
  for from = 0, n - 1, 1000 do
    local fields = {}
    for m = from, math.min(from + 999, n - 1) do table.insert(fields, fieldOf(i, m)) end
    local texts = call('HMGET', run.key, unpack(fields))
    for k, field in ipairs(fields) do
      local text = run.set[field] or texts[k] or nil
      local m = from + k - 1
      visit(m, readInstance(task, text, true), not text and cursor ~= nil and m >= cursor)
    end
  end
end

-- The current attempt, if there is one, is over: its worker learns of it by its next heartbeat.
local function stop(run, i, m, instance, untouched)
  if instance.state == 'r' then
    local channel = channelOf(run, nodeOf(run, i))
    call('ZREM', channelKey(channel, 'leases'), attemptId(run, i, m, instance.attempt))
    table.insert(run.del, 'p' .. fieldOf(i, m))
    touched[channel] = true
  elseif not untouched and instance.state ~= 'n' and not isEnded(instance) then
    unplan(run, i, m, instance.attempt)
  end
end

-- `cuts` lives in the extra part; the counters need it.
local function withCuts(run, i, m, instance)
  instance.cuts = instance.state == 's' and extraOf(run, i, m, instance).shortCircuit ~= nil
  return instance
end

-- As before its first attempt; the number of the latest attempt is kept.
local function resetRecord(run, i, m, instance, state)
  putExtra(run, i, m, instance, {})
  local fresh = { state = state, attempt = instance.attempt, failures = 0, losses = 0 }
  putInstance(run, i, m, fresh)
  return fresh
end
