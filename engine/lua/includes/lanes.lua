-- Where runs wait to begin. A lane is a DAG's own line, or that of one backfill: at most `max` of its runs are active at a time.
--
--   lane:<name>           hash: max; paused: 'all', or 'scheduled' when only scheduled runs shall wait
--   lane:<name>:waiting   sorted set of run numbers, by whose turn it is
--   lane:<name>:active    sorted set of run numbers, by time of start

--- @include "run"

fl.touchedLanes = {} -- Lanes that may begin a run at the end of the script.

function fl.laneKey(lane, part)
  return P .. 'lane:' .. lane .. (part and ':' .. part or '')
end

function fl.enterLane(run)
  call('ZADD', fl.laneKey(run.lane, 'active'), fl.int(now), run.seq)
  call('ZREM', fl.laneKey(run.lane, 'waiting'), run.seq)
end

function fl.leaveLane(run)
  call('ZREM', fl.laneKey(run.lane, 'active'), run.seq)
  call('ZREM', fl.laneKey(run.lane, 'waiting'), run.seq)
  call('ZREM', P .. 'deadlines', run.seq)
  call('ZADD', P .. 'archive', fl.int(now), run.seq) -- For the lake; see engine/archive.
  fl.touchedLanes[run.lane] = true
end

-- A run that had ended goes on: at once if it had begun, whatever the lane's limit, else when it is its turn.
function fl.rejoinLane(run)
  if run.state == 'running' then return fl.enterLane(run) end
  call('ZADD', fl.laneKey(run.lane, 'waiting'), call('HGET', run.key, 'order'), run.seq)
  fl.touchedLanes[run.lane] = true
end
