--[[
  An attempt says that there is nothing for it to do: the instance is skipped.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 order for the next attempt, see includes/take-next.lua
         6 why

  Result
    { 1, dispatch, briefing of the next attempt, run state }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE
]]
--- @include "base"
--- @include "attempts"

local at, refusal, ended = fl.heldAttempt(ARGV[3], ARGV[4])
if refusal == fl.WRONG_STATE and fl.isRepeated(ended, 'k') then return { 1, {}, {}, ended.run.state } end
if not at then return { refusal } end

local extra = fl.extraOf(at.run, at.i, at.m, at.instance)
extra.note = ARGV[6]
fl.putExtra(at.run, at.i, at.m, at.instance, extra)
fl.freeLease(at)
fl.endAttempt(at, 'k')
local dispatch, next = fl.close(ARGV[5])
return { 1, dispatch, next, at.run.state }
