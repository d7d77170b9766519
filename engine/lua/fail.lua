--[[
  An attempt has failed: another one is planned, or the instance fails and what that means travels on.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 order for the next attempt, see includes/take-next.lua
         6 error JSON { code, message }   7 retryable '1' or ''   8 delay ms chosen by the thrower, or ''   9 random in [0, 1) for the jitter

  Result
    { 1, dispatch, briefing of the next attempt, run state, 'up_for_retry' | 'failed', due ms or '' }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE
]]
--- @include "base"
--- @include "retry"

local at, refusal = fl.heldAttempt(ARGV[3], ARGV[4])
if not at then return { refusal } end

local run, instance, retry = at.run, at.instance, at.node.retry
local failure = cjson.decode(ARGV[6])
local extra = fl.extraOf(run, at.i, at.m, instance)
extra.error = failure
fl.putExtra(run, at.i, at.m, instance, extra)
instance.failures = instance.failures + 1
fl.remember(at, 'failed', failure)
fl.freeLease(at)

if ARGV[7] == '1' and instance.failures < retry.attemptsMax then
  local due = now + (tonumber(ARGV[8]) or fl.retryDelay(retry, instance.failures, tonumber(ARGV[9])))
  fl.tryAgain(at, 'y', due)
  local dispatch, next = fl.close(ARGV[5])
  return { 1, dispatch, next, run.state, 'up_for_retry', fl.int(due) }
end
fl.endAttempt(at, 'f')
local dispatch, next = fl.close(ARGV[5])
return { 1, dispatch, next, run.state, 'failed', '' }
