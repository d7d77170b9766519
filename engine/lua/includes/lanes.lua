-- Where runs wait to begin. A lane is a DAG's own line, or that of one backfill: at most `max` of its runs are active at a time.
--
--   lane:<name>           hash: max, paused
--   lane:<name>:waiting   sorted set of run numbers, by whose turn it is
--   lane:<name>:active    sorted set of run numbers, by time of start

--- @include "run"

local touchedLanes = {} -- Lanes that may begin a run at the end of the script.

local function laneKey(lane, part)
  return P .. 'lane:' .. lane .. (part and ':' .. part or '')
end

local function enterLane(run)
  call('ZADD', laneKey(run.lane, 'active'), int(now), run.seq)
  call('ZREM', laneKey(run.lane, 'waiting'), run.seq)
end

local function leaveLane(run)
  call('ZREM', laneKey(run.lane, 'active'), run.seq)
  call('ZREM', laneKey(run.lane, 'waiting'), run.seq)
  call('ZREM', P .. 'deadlines', run.seq)
  touchedLanes[run.lane] = true
end

-- A run that had ended goes on: at once if it had begun, whatever the lane's limit, else when it is its turn.
local function rejoinLane(run)
  if run.state == 'running' then return enterLane(run) end
  call('ZADD', laneKey(run.lane, 'waiting'), call('HGET', run.key, 'order'), run.seq)
  touchedLanes[run.lane] = true
end
