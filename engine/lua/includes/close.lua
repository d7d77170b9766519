-- What ends every script that changes runs: waiting runs begin where one has ended, free slots are filled, changes are written.

--- @include "propagate"

local RUNS_STARTED_MAX = 20 -- Per lane and script; the scheduler's sweep starts the rest.

local function startRun(run)
  run.state = 'running'
  run.changed = true
  run.started = now
  run.set.started = int(now)
  enterLane(run)
  local about, graph = call('HMGET', run.key, 'timeoutMs', 'rev'), call('HMGET', run.graph, 'roots', 'count')
  if about[1] then call('ZADD', P .. 'deadlines', int(now + tonumber(about[1])), run.seq) end
  local finished = {}
  if about[2] then
    -- Somebody has ended tasks by hand before the run began: any may be decided.
    for i = 0, tonumber(graph[2]) - 1 do decide(run, i, finished) end
  else
    for _, i in ipairs(cjson.decode(graph[1])) do decide(run, i, finished) end
  end
  propagate(run, finished)
end

-- A run that depends on the past waits until the run before it, by data interval, has ended well.
local function mayStart(run)
  local v = call('HMGET', run.key, 'dependsOnPast', 'logicalMs')
  if v[1] ~= '1' then return true end
  local before = call('ZREVRANGEBYSCORE', P .. 'dag:' .. run.dag .. ':runs', '(' .. v[2], '-inf', 'LIMIT', 0, 1)[1]
  return not before or call('HGET', P .. 'run:' .. before, 'state') == 'success'
end

local function startWaiting(lane)
  local limits = call('HMGET', laneKey(lane), 'max', 'paused')
  local max = tonumber(limits[1]) or 1
  if limits[2] == '1' then return end
  for _ = 1, RUNS_STARTED_MAX do
    if call('ZCARD', laneKey(lane, 'active')) >= max then return end
    local seq = call('ZRANGE', laneKey(lane, 'waiting'), 0, 0)[1]
    local run = seq and openRun(seq)
    if not run then
      if not seq then return end
      call('ZREM', laneKey(lane, 'waiting'), seq)
    elseif not mayStart(run) then
      return
    else
      startRun(run)
    end
  end
end

-- Returns the attempts that the caller has to dispatch: id, queue, priority, id, queue, …
local function close()
  for lane in pairs(touchedLanes) do startWaiting(lane) end
  local out = fillTouched()
  saveRuns()
  return out
end
