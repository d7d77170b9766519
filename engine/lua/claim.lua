--[[
  A worker takes an attempt: the instance runs from now on, under a lease.

  KEYS   none: all keys are below the prefix
  ARGV   1 prefix   2 now or ''   3 attempt id   4 token   5 worker   6 leaseMs

  Result
    { 1, dispatch, dagId, runId, version, taskId, mapCount, start, end, day, params,
      inputs JSON, long lists, splits }
    dispatch: id, queue, priority, … to be added to BullMQ by the caller
    long lists: input, place of its task, 'elements' | 'successes', count, …
    splits: 1 when the elements of its result are to be sent one by one
  Errors
    RUN_UNKNOWN, UNKNOWN_INSTANCE, STALE_ATTEMPT, WRONG_STATE, RUN_NOT_RUNNING
    NOT_DISPATCHED   the attempt waits for its time or for a slot

  Repeating a claim with its token gives the same result: the first reply may have been lost.
]]
--- @include "base"
--- @include "attempts"
--- @include "inputs"

local id, token, worker, leaseMs = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local at, refusal = currentAttempt(id)
if not at and refusal == RUN_UNKNOWN then return { refusal } end
local run = openRun(parseAttemptId(id))
if run.state ~= 'running' then return { RUN_NOT_RUNNING } end
if not at then return { refusal } end

local instance = at.instance
local repeated = instance.state == 'r' and instance.token == token
if not repeated then
  if instance.state ~= 'w' and instance.state ~= 'y' and instance.state ~= 'z' then return { WRONG_STATE } end
  if call('ZREM', channelKey(at.channel, 'outbox'), id) == 0 then return { NOT_DISPATCHED } end
  touched[at.channel] = true
  local extra = extraOf(run, at.i, at.m, instance)
  if extra.note then
    extra.note = nil
    putExtra(run, at.i, at.m, instance, extra)
  end
  instance.state, instance.token, instance.worker, instance.due = 'r', token, worker, nil
  instance.started = now - run.created
  instance.first = instance.first or instance.started
  putInstance(run, at.i, at.m, instance)
  call('ZADD', channelKey(at.channel, 'leases'), int(now + leaseMs), id)
end

local about = call('HMGET', run.key, 'id', 'version', 'start', 'end', 'day', 'params')
local inputs, lists = inputsOf(run, at.node, at.m)
local mapCount = taskOf(run, at.i).n or 1
return {
  1, close(), run.dag, about[1], about[2], at.node.id, mapCount, about[3], about[4], about[5], about[6], inputs,
  lists, at.node.mappedOver and not at.node.expand and 1 or 0,
}
