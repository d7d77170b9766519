--[[
  A worker takes an attempt: the instance runs from now on, under a lease.

  KEYS   none: all keys are below the prefix
  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 worker   6 leaseMs

  Result
    { 1, dispatch, briefing }
    dispatch    id, queue, priority, … to be added to BullMQ by the caller
    briefing    see includes/begin.lua
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE, RUN_NOT_RUNNING
    NOT_DISPATCHED   the attempt waits for its time or for a slot

  Repeating a claim with its token gives the same result: the first reply may have been lost.
]]
--- @include "base"
--- @include "begin"

local id, token, worker, leaseMs = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local at, refusal = fl.currentAttempt(id)
if not at and refusal == fl.RUN_UNKNOWN then return { refusal } end
local run = fl.openRun(fl.parseAttemptId(id))
if run.state ~= 'running' then return { fl.RUN_NOT_RUNNING } end
if not at then return { refusal } end

local instance = at.instance
local repeated = instance.state == 'r' and instance.token == token
if not repeated then
  if instance.state ~= 'w' and instance.state ~= 'y' and instance.state ~= 'z' then return { fl.WRONG_STATE } end
  if call('ZREM', fl.channelKey(at.channel, 'outbox'), id) == 0 then return { fl.NOT_DISPATCHED } end
  fl.begin(at, token, worker, leaseMs)
end

local briefing = fl.briefing(at)
fl.saveRuns()
return { 1, {}, briefing }
