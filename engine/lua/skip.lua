--[[
  An attempt says that there is nothing for it to do: the instance is skipped.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 why

  Result
    { 1, dispatch, run state }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE
]]
--- @include "base"
--- @include "attempts"

local at, refusal, ended = heldAttempt(ARGV[3], ARGV[4])
if refusal == WRONG_STATE and isRepeated(ended, 'k') then return { 1, {}, ended.run.state } end
if not at then return { refusal } end

local extra = extraOf(at.run, at.i, at.m, at.instance)
extra.note = ARGV[5]
putExtra(at.run, at.i, at.m, at.instance, extra)
freeLease(at)
endAttempt(at, 'k')
return { 1, close(), at.run.state }
