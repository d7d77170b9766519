-- What ends every script that changes runs: waiting runs begin where one has ended, free slots are filled, changes are written.

--- @include "propagate"
--- @include "take-next"

fl.RUNS_STARTED_MAX = 20 -- Per lane and script; the scheduler's sweep starts the rest.

function fl.startRun(run)
  run.state = 'running'
  run.changed = true
  run.started = now
  run.set.started = fl.int(now)
  fl.enterLane(run)
  local about, graph = call('HMGET', run.key, 'timeoutMs', 'rev'), call('HMGET', run.graph, 'roots', 'count')
  if about[1] then call('ZADD', P .. 'deadlines', fl.int(now + tonumber(about[1])), run.seq) end
  local finished = {}
  if about[2] then
    -- Somebody has ended tasks by hand before the run began: any may be decided.
    for i = 0, tonumber(graph[2]) - 1 do fl.decide(run, i, finished) end
  else
    for _, i in ipairs(cjson.decode(graph[1])) do fl.decide(run, i, finished) end
  end
  fl.propagate(run, finished)
end

-- A run that depends on the past waits until the run before it, by data interval, has ended well.
function fl.mayStart(run)
  local v = call('HMGET', run.key, 'dependsOnPast', 'logicalMs')
  if v[1] ~= '1' then return true end
  local before = call('ZREVRANGEBYSCORE', P .. 'dag:' .. run.dag .. ':runs', '(' .. v[2], '-inf', 'LIMIT', 0, 1)[1]
  return not before or call('HGET', P .. 'run:' .. before, 'state') == 'success'
end

-- The waiting run whose turn it is. In a lane that is paused for scheduled runs, those asked for by hand pass them.
fl.LOOKED_AT_MAX = 100
function fl.nextInLane(lane, paused)
  local waiting = fl.laneKey(lane, 'waiting')
  for _, seq in ipairs(call('ZRANGE', waiting, 0, paused and fl.LOOKED_AT_MAX - 1 or 0)) do
    local run = fl.openRun(seq)
    if not run then
      call('ZREM', waiting, seq)
    elseif not paused or call('HGET', run.key, 'kind') ~= 'scheduled' then
      return run
    end
  end
end

function fl.startWaiting(lane)
  local limits = call('HMGET', fl.laneKey(lane), 'max', 'paused')
  local max, paused = tonumber(limits[1]) or 1, limits[2]
  if paused == 'all' then return end
  for _ = 1, fl.RUNS_STARTED_MAX do
    if call('ZCARD', fl.laneKey(lane, 'active')) >= max then return end
    local run = fl.nextInLane(lane, paused == 'scheduled')
    if not run or not fl.mayStart(run) then return end
    fl.startRun(run)
  end
end

-- Returns the attempts that the caller has to dispatch (id, queue, priority, id, …), and the briefing of the attempt that it has
-- taken itself, by `order`: see take-next.lua.
function fl.close(order)
  for lane in pairs(fl.touchedLanes) do fl.startWaiting(lane) end
  fl.unpark()
  local next = fl.takeNext(order or '')
  local dispatch = fl.fillTouched()
  fl.saveRuns()
  return dispatch, next
end
