-- How attempts end.

--- @include "close"
--- @include "current"

-- Whether this very attempt has reported this very end before, and its reply got lost.
function fl.isRepeated(at, state)
  return at ~= nil and at.instance.state == state and fl.extraOf(at.run, at.i, at.m, at.instance).marked == nil
end

-- The attempt runs no more: its lease, its slot and its progress go.
function fl.freeLease(at)
  call('ZREM', fl.channelKey(at.channel, 'leases'), at.id)
  local progress = 'p' .. fl.fieldOf(at.i, at.m)
  if at.run.got[progress] then table.insert(at.run.del, progress) end
  fl.leaveLimits(at.run, at.i, at.id)
  fl.touched[at.channel] = true
end

function fl.endAttempt(at, state)
  local finished = {}
  at.instance.state = state
  at.instance.ended = now - at.run.created
  fl.endInstance(at.run, at.i, at.m, at.instance, finished)
  if #finished > 0 then fl.propagate(at.run, finished) end
end
