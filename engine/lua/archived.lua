--[[
  The lake has a run as it was at a revision: it leaves the line of those to be archived, unless it has changed since.

  ARGV   1 prefix   2 now or ''   3 run number   4 revision, or '' when there is nothing to archive

  Result
    1
]]
--- @include "base"

local state, rev = unpack(call('HMGET', P .. 'run:' .. ARGV[3], 'state', 'rev'))
if ARGV[4] == '' and (state == 'success' or state == 'failed') then return 1 end
if ARGV[4] ~= '' and rev ~= ARGV[4] then return 1 end
call('ZREM', P .. 'archive', ARGV[3])
return 1
