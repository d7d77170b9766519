--[[
  An attempt has failed: another one is planned, or the instance fails and what that means travels on.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 error JSON { code, message }   6 retryable '1' or ''
         7 delay ms chosen by the thrower, or ''   8 random in [0, 1) for the jitter

  Result
    { 1, dispatch, run state, 'up_for_retry' | 'failed', due ms or '' }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE
]]
--- @include "base"
--- @include "attempts"

local at, refusal = heldAttempt(ARGV[3], ARGV[4])
if not at then return { refusal } end

local run, instance, retry = at.run, at.instance, at.node.retry
local failure = cjson.decode(ARGV[5])
local extra = extraOf(run, at.i, at.m, instance)
extra.error = failure
putExtra(run, at.i, at.m, instance, extra)
instance.failures = instance.failures + 1
remember(at, 'failed', failure)
freeLease(at)

if ARGV[6] == '1' and instance.failures < retry.attemptsMax then
  local due = now + (tonumber(ARGV[7]) or retryDelay(retry, instance.failures, tonumber(ARGV[8])))
  tryAgain(at, 'y', due)
  return { 1, close(), run.state, 'up_for_retry', int(due) }
end
endAttempt(at, 'f')
return { 1, close(), run.state, 'failed', '' }
