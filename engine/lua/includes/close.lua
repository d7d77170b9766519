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

function fl.startWaiting(lane)
  local limits = call('HMGET', fl.laneKey(lane), 'max', 'paused')
  local max = tonumber(limits[1]) or 1
  if limits[2] == '1' then return end
  for _ = 1, fl.RUNS_STARTED_MAX do
    if call('ZCARD', fl.laneKey(lane, 'active')) >= max then return end
    local seq = call('ZRANGE', fl.laneKey(lane, 'waiting'), 0, 0)[1]
    local run = seq and fl.openRun(seq)
    if not run then
      if not seq then return end
      call('ZREM', fl.laneKey(lane, 'waiting'), seq)
    elseif not fl.mayStart(run) then
      return
    else
      fl.startRun(run)
    end
  end
end

-- Returns the attempts that the caller has to dispatch (id, queue, priority, id, …), and the briefing of the attempt that it has
-- taken itself, by `order`: see take-next.lua.
function fl.close(order)
  for lane in pairs(fl.touchedLanes) do fl.startWaiting(lane) end
  local next = fl.takeNext(order or '')
  local dispatch = fl.fillTouched()
  fl.saveRuns()
  return dispatch, next
end
