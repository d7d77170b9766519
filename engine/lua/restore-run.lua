--[[
  Puts an ended run of the lake's history back, under a new number, unless a run of its id is there.

  ARGV   1 prefix   2 now or ''   3 dag id   4 run id   5 logical date, epoch ms   6 created, epoch ms
         7 number of hash values   8 of result values   9 of values of places (task, text, …)   10… all of these, then history lines

  Result
    run number, or '' when there is one of that id
]]
--- @include "base"
--- @include "run"

local ids = P .. 'dag:' .. ARGV[3] .. ':ids'
if call('HGET', ids, ARGV[4]) then return '' end
local seq = tostring(call('INCR', P .. 'seq'))
local at = 10
local function take(count)
  local values = {}
  for k = at, at + count - 1 do table.insert(values, ARGV[k]) end
  at = at + count
  return values
end
fl.inBatches('HSET', P .. 'run:' .. seq, take(tonumber(ARGV[7])))
fl.inBatches('HSET', P .. 'results:' .. seq, take(tonumber(ARGV[8])))
local places = take(tonumber(ARGV[9]))
for k = 1, #places, 2 do call('SET', P .. 'places:' .. seq .. '.' .. places[k], places[k + 1]) end
fl.inBatches('RPUSH', P .. 'history:' .. seq, take(#ARGV - at + 1))
call('HSET', ids, ARGV[4], seq)
call('ZADD', P .. 'dag:' .. ARGV[3] .. ':runs', ARGV[5], seq)
call('ZADD', P .. 'runs', ARGV[6], seq)
return seq
