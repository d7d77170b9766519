--[[
  An attempt has ended well. Its instance is a success; tasks behind it may become ready, be skipped, or end; so may the run.

  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 order for the next attempt, see includes/take-next.lua
         6 result JSON or ''   7 list length or ''   8 why everything behind is skipped (short circuit) or ''
         9 JSON list of tasks right behind that are not followed, or ''
         10… elements of the result, JSON each, when it is a list that is mapped over (6 is '' then)

  Result
    { 1, dispatch, briefing of the next attempt, run state }
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE

  Repeating a finish with its token is no error. It takes no next attempt then: one that was taken before a reply got lost comes
  back when its lease has run out.
]]
--- @include "base"
--- @include "attempts"
--- @include "results"

local at, refusal, ended = fl.heldAttempt(ARGV[3], ARGV[4])
if refusal == fl.WRONG_STATE and fl.isRepeated(ended, 's') then return { 1, {}, {}, ended.run.state } end
if not at then return { refusal } end

local run, instance = at.run, at.instance
local extra = fl.extraOf(run, at.i, at.m, instance)
extra.error = nil
if ARGV[8] ~= '' then extra.shortCircuit = ARGV[8] end
if ARGV[9] ~= '' then extra.notFollowed = cjson.decode(ARGV[9]) end
fl.putExtra(run, at.i, at.m, instance, extra)
instance.cuts = ARGV[8] ~= ''
instance.len = tonumber(ARGV[7])

local elements = nil
if at.node.mappedOver and not at.node.expand and instance.len then
  elements = {}
  for k = 10, #ARGV do table.insert(elements, ARGV[k]) end
end
-- A first attempt without a result leaves nothing to take away.
if elements or ARGV[6] ~= '' or instance.attempt > 1 then fl.putResult(run, at.i, at.m, ARGV[6], elements) end

if instance.failures + instance.losses > 0 then fl.note('recovered', at.id) end
fl.freeLease(at)
fl.endAttempt(at, 's')
local dispatch, next = fl.close(ARGV[5])
return { 1, dispatch, next, run.state }
