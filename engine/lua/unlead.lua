--[[
  Gives the leadership up, so that another scheduler need not wait for it to run out.

  ARGV   1 prefix   2 now or ''   3 scheduler

  Result
    1 it led, 0 it did not
]]
--- @include "base"

local key = P .. 'leader'
if call('GET', key) ~= ARGV[3] then return 0 end
return call('DEL', key)
