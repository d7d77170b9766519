--[[
  Makes a run of a DAG, once per run id; it begins when its lane has room, perhaps at once.

  ARGV   1 prefix   2 now or ''   3 dag id   4 run id   5 graph version   6 lane   7 active runs of the lane, at most, or ''
         8 place in the lane: smaller is earlier   9 logical date, epoch ms   10 pool that replaces those of the tasks, or ''
         11… further fields of the run: name, value, …

  Result
    { 1, dispatch, run number, 'inserted' | 'present' }
  Errors
    GRAPH_UNKNOWN   store the graph first
]]
--- @include "base"
--- @include "close"

local dag, id, version, lane, laneMax = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local ids = P .. 'dag:' .. dag .. ':ids'
local present = call('HGET', ids, id)
if present then return { 1, {}, present, 'present' } end

local graph = call('HMGET', P .. 'graph:' .. dag .. ':' .. version, 'count', 'queues')
if not graph[1] then return { fl.GRAPH_UNKNOWN } end

local seq = tostring(call('INCR', P .. 'seq'))
local fields = {
  'dag', dag, 'id', id, 'version', version, 'state', 'queued', 'taskCount', graph[1], 'unfinished', graph[1],
  'failedLeaves', 0,
  'created', fl.int(now), 'lane', lane, 'order', ARGV[8], 'logicalMs', ARGV[9],
}
for k = 11, #ARGV do table.insert(fields, ARGV[k]) end
if ARGV[10] ~= '' then
  table.insert(fields, 'pool')
  table.insert(fields, ARGV[10])
  for _, queue in ipairs(cjson.decode(graph[2])) do
    call('SADD', P .. 'channels', ARGV[10] .. '@' .. queue)
    call('SADD', P .. 'pool:' .. ARGV[10], queue)
    call('SADD', P .. 'queue:' .. queue, ARGV[10])
  end
end
call('HSET', P .. 'run:' .. seq, unpack(fields))
call('HSET', ids, id, seq)
call('ZADD', P .. 'dag:' .. dag .. ':runs', ARGV[9], seq)
call('ZADD', P .. 'runs', fl.int(now), seq)

if laneMax ~= '' then call('HSET', fl.laneKey(lane), 'max', laneMax) end
call('SADD', P .. 'lanes', lane)
call('ZADD', fl.laneKey(lane, 'waiting'), ARGV[8], seq)
fl.touchedLanes[lane] = true
return { 1, fl.close(), seq, 'inserted' }
