--[[
  Forgets a run that has ended.

  ARGV   1 prefix   2 now or ''   3 run number

  Result
    { 1 }
  Errors
    RUN_UNKNOWN, WRONG_STATE (it has not ended)
]]
--- @include "base"
--- @include "run"

local run = fl.openRun(ARGV[3])
if not run then return { fl.RUN_UNKNOWN } end
if run.state ~= 'success' and run.state ~= 'failed' then return { fl.WRONG_STATE } end
call('HDEL', P .. 'dag:' .. run.dag .. ':ids', call('HGET', run.key, 'id'))
call('ZREM', P .. 'dag:' .. run.dag .. ':runs', run.seq)
call('ZREM', P .. 'runs', run.seq)
call('ZREM', P .. 'archive', run.seq)
for i = 0, tonumber(call('HGET', run.graph, 'count') or 0) - 1 do call('UNLINK', P .. 'places:' .. run.seq .. '.' .. i) end
call('UNLINK', run.key, P .. 'results:' .. run.seq, P .. 'history:' .. run.seq, P .. 'logs:' .. run.seq)
return { 1 }
