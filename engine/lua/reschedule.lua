--[[
  A sensor gives its worker back until the next poke. It fails instead when it would wait longer than its limit in all.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 order for the next attempt, see includes/take-next.lua
         6 delay ms   7 limit ms or ''   8 what it waits for

  Result
    { 1, dispatch, briefing of the next attempt, run state, 'up_for_reschedule' | 'failed', due ms or '' }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE
]]
--- @include "base"
--- @include "retry"

local at, refusal = fl.heldAttempt(ARGV[3], ARGV[4])
if not at then return { refusal } end

local run, instance = at.run, at.instance
local delay, limit, note = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local waited = now - run.created - instance.first
local extra = fl.extraOf(run, at.i, at.m, instance)
extra.note = note
fl.freeLease(at)

if limit and waited + delay > limit then
  extra.error = {
    code = 'FL_TASK_TIMEOUT',
    message = 'Waited ' .. fl.int(waited) .. ' ms of at most ' .. fl.int(limit) .. ' ms: ' .. note,
  }
  fl.putExtra(run, at.i, at.m, instance, extra)
  fl.remember(at, 'failed', extra.error)
  fl.endAttempt(at, 'f')
  local dispatch, next = fl.close(ARGV[5])
  return { 1, dispatch, next, run.state, 'failed', '' }
end
fl.putExtra(run, at.i, at.m, instance, extra)
fl.tryAgain(at, 'z', now + delay)
local dispatch, next = fl.close(ARGV[5])
return { 1, dispatch, next, run.state, 'up_for_reschedule', fl.int(now + delay) }
