--[[
  An attempt has ended well. Its instance is a success; tasks behind it may become ready, be skipped, or end; so may the run.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 result JSON or ''   6 list length or ''
         7 why everything behind is skipped (short circuit) or ''   8 JSON list of tasks right behind that are not followed, or ''
         9… elements of the result, JSON each, when it is a list that is mapped over (5 is '' then)

  Result
    { 1, dispatch, run state }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE

  Repeating a finish with its token is no error.
]]
--- @include "base"
--- @include "attempts"
--- @include "inputs"

local at, refusal, ended = heldAttempt(ARGV[3], ARGV[4])
if refusal == WRONG_STATE and isRepeated(ended, 's') then return { 1, {}, ended.run.state } end
if not at then return { refusal } end

local run, instance = at.run, at.instance
local extra = extraOf(run, at.i, at.m, instance)
extra.error = nil
if ARGV[7] ~= '' then extra.shortCircuit = ARGV[7] end
if ARGV[8] ~= '' then extra.notFollowed = cjson.decode(ARGV[8]) end
putExtra(run, at.i, at.m, instance, extra)
instance.cuts = ARGV[7] ~= ''
instance.len = tonumber(ARGV[6])

local elements = nil
if at.node.mappedOver and not at.node.expand and instance.len then
  elements = {}
  for k = 9, #ARGV do table.insert(elements, ARGV[k]) end
end
-- A first attempt without a result leaves nothing to take away.
if elements or ARGV[5] ~= '' or instance.attempt > 1 then putResult(run, at.i, at.m, ARGV[5], elements) end

freeLease(at)
endAttempt(at, 's')
return { 1, close(), run.state }
