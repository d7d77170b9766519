--[[
  Ends a run as failed: what runs fails and is killed, what has not begun is skipped, nothing starts any more.

  ARGV   1 prefix   2 now or ''   3 run number   4 why

  Result
    { 1, dispatch, run state }
  Errors
    RUN_UNKNOWN, RUN_NOT_RUNNING (it has ended)
]]
--- @include "base"
--- @include "interventions"

local run, reason = fl.openRun(ARGV[3]), ARGV[4]
if not run then return { fl.RUN_UNKNOWN } end
if run.state == 'success' or run.state == 'failed' then return { fl.RUN_NOT_RUNNING } end

-- The instances of a mapped task that have been handed out and have not ended: they wait somewhere, or run. Looking there is
-- cheaper than looking at all that have ended.
local function inFlight(i)
  local channel = fl.channelOf(run, fl.nodeOf(run, i))
  local prefix, found = run.seq .. '.' .. i .. '.', {}
  local keys = { fl.channelKey(channel, 'ready'), fl.channelKey(channel, 'outbox'), fl.channelKey(channel, 'leases'), P .. 'delayed' }
  for _, name in ipairs(fl.nodeOf(run, i).limits or {}) do table.insert(keys, fl.limitKey(name, 'parked')) end
  for _, key in ipairs(keys) do
    for _, id in ipairs(call('ZRANGE', key, 0, -1)) do
      if string.sub(id, 1, #prefix) == prefix then
        local _, _, m = fl.parseAttemptId(id)
        if m ~= '*' then table.insert(found, m) end
      end
    end
  end
  table.sort(found)
  return found
end

local function endByCancel(i, m, instance, untouched, finished)
  if fl.isEnded(instance) then return end
  fl.stop(run, i, m, instance, untouched)
  local extra = fl.extraOf(run, i, m, instance)
  if instance.state == 'r' then
    extra.error = { code = 'FL_CANCELLED', message = reason }
    instance.state = 'f'
  else
    extra.note = reason
    instance.state = 'k'
  end
  instance.due = nil
  instance.ended = now - run.created
  fl.putExtra(run, i, m, instance, extra)
  fl.endInstance(run, i, m, instance, finished)
end

-- Those that have not been handed out are skipped all at once, without a record for each.
local function cancelMapped(i, finished)
  local task = fl.editTask(run, i)
  local rest, cursor = task.n - task.cursor, task.cursor
  task.counts.o = task.counts.o - rest
  task.counts.k = task.counts.k + rest
  for _, m in ipairs(inFlight(i)) do endByCancel(i, m, fl.instanceOf(run, i, m), false, finished) end
  if task.state == 'a' then fl.endTask(run, i, finished) end
  if rest > 0 then
    task.rest, task.cursor, task.since = true, cursor, now - run.created
    run.set['n' .. i] = reason
  end
end

run.cancelled = reason
run.set.cancelled = reason
local finished = {}
for i = 0, tonumber(call('HGET', run.graph, 'count')) - 1 do
  local task = fl.taskOf(run, i)
  if task.state == 'n' then
    fl.endUnstarted(run, i, 'k', finished, false, reason)
  elseif task.state == 'a' then
    if fl.nodeOf(run, i).expand then fl.unplanRange(run, i) end
    if task.cursor and not task.kept and not task.rest then
      cancelMapped(i, finished)
    else
      fl.eachInstance(run, i, function(m, instance, untouched) endByCancel(i, m, instance, untouched, finished) end)
    end
  end
end
fl.propagate(run, finished)
return { 1, fl.close(), run.state }
