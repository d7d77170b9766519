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

run.cancelled = reason
run.set.cancelled = reason
local finished = {}
for i = 0, tonumber(call('HGET', run.graph, 'count')) - 1 do
  local task = fl.taskOf(run, i)
  if task.state == 'n' then
    fl.endUnstarted(run, i, 'k', finished, false, reason)
  elseif task.state == 'a' then
    if fl.nodeOf(run, i).expand then fl.unplanRange(run, i) end
    fl.eachInstance(run, i, function(m, instance, untouched)
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
    end)
  end
end
fl.propagate(run, finished)
return { 1, fl.close(), run.state }
