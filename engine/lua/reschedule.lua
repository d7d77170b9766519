--[[
  A sensor gives its worker back until the next poke. It fails instead when it would wait longer than its limit in all.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 delay ms   6 limit ms or ''   7 what it waits for

  Result
    { 1, dispatch, run state, 'up_for_reschedule' | 'failed', due ms or '' }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE
]]
--- @include "base"
--- @include "attempts"

local at, refusal = heldAttempt(ARGV[3], ARGV[4])
if not at then return { refusal } end

local run, instance = at.run, at.instance
local delay, limit, note = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local waited = now - run.created - instance.first
local extra = extraOf(run, at.i, at.m, instance)
extra.note = note
freeLease(at)

if limit and waited + delay > limit then
  extra.error = {
    code = 'FL_TASK_TIMEOUT',
    message = 'Waited ' .. int(waited) .. ' ms of at most ' .. int(limit) .. ' ms: ' .. note,
  }
  putExtra(run, at.i, at.m, instance, extra)
  remember(at, 'failed', extra.error)
  endAttempt(at, 'f')
  return { 1, close(), run.state, 'failed', '' }
end
putExtra(run, at.i, at.m, instance, extra)
tryAgain(at, 'z', now + delay)
return { 1, close(), run.state, 'up_for_reschedule', int(now + delay) }
