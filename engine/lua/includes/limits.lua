-- How many attempts of a task, or of all tasks of a DAG, run at a time, over all runs.
--
--   limits                hash: name of the limit → how many
--   limit:<name>:held     set of attempts in an outbox or among the leases
--   limit:<name>:parked   sorted set of what was taken out of `ready` because there is no room; score: its place there
--
-- What is parked stands in nobody's way, and comes back to its place when there is room. A limit that says it is held by an
-- attempt that is gone is put right by the look for lost leases.

--- @include "run"

fl.freed = {} -- Limits that may have room at the end of the script.

function fl.limitKey(name, part)
  return P .. 'limit:' .. name .. ':' .. part
end

-- Most installations have no limits: then one question is all they cost.
function fl.hasLimits()
  if fl.limited == nil then fl.limited = call('EXISTS', P .. 'limits') == 1 end
  return fl.limited
end

function fl.roomIn(name)
  local max = tonumber(call('HGET', P .. 'limits', name))
  return max and max - call('SCARD', fl.limitKey(name, 'held')) or math.huge
end

-- How many more attempts of a task may run, and the limit that says so.
function fl.roomFor(node)
  local room, tightest = math.huge, nil
  for _, name in ipairs(node.limits or {}) do
    local left = fl.roomIn(name)
    if left < room then room, tightest = left, name end
  end
  return room, tightest
end

function fl.holdLimits(node, ids)
  for _, name in ipairs(node.limits or {}) do
    if #ids > 0 then call('SADD', fl.limitKey(name, 'held'), unpack(ids)) end
  end
end

-- An attempt runs no more, or is taken back wherever it waits.
function fl.leaveLimits(run, i, id)
  if not fl.hasLimits() then return end
  for _, name in ipairs(fl.nodeOf(run, i).limits or {}) do
    call('SREM', fl.limitKey(name, 'held'), id)
    call('ZREM', fl.limitKey(name, 'parked'), id)
    fl.freed[name] = true
  end
end

-- Puts what is parked back into its channel, as far as there is room.
function fl.unpark()
  for name in pairs(fl.freed) do
    local parked, room = fl.limitKey(name, 'parked'), fl.roomIn(name)
    local upto = room == math.huge and -1 or room - 1
    local back = room > 0 and call('ZRANGE', parked, 0, upto, 'WITHSCORES') or {}
    for k = 1, #back, 2 do
      local seq, i = fl.parseAttemptId(back[k])
      local run = fl.openRun(seq)
      call('ZREM', parked, back[k])
      if run and fl.nodeOf(run, i) then
        local channel = fl.channelOf(run, fl.nodeOf(run, i))
        call('ZADD', fl.channelKey(channel, 'ready'), back[k + 1], back[k])
        fl.touched[channel] = true
      end
    end
  end
  fl.freed = {}
end

-- A limit may have been raised.
function fl.lookAtLimits()
  if not fl.hasLimits() then return end
  for _, name in ipairs(call('HKEYS', P .. 'limits')) do fl.freed[name] = true end
end

-- Forgets attempts that neither run nor are about to.
function fl.repairLimits()
  if not fl.hasLimits() then return end
  for _, name in ipairs(call('HKEYS', P .. 'limits')) do
    for _, id in ipairs(call('SMEMBERS', fl.limitKey(name, 'held'))) do
      local seq, i = fl.parseAttemptId(id)
      local run = fl.openRun(seq)
      local channel = run and fl.nodeOf(run, i) and fl.channelOf(run, fl.nodeOf(run, i))
      if not channel or not (call('ZSCORE', fl.channelKey(channel, 'outbox'), id) or call('ZSCORE', fl.channelKey(channel, 'leases'), id)) then
        call('SREM', fl.limitKey(name, 'held'), id)
      end
    end
    fl.freed[name] = true
  end
end
