--[[
  Takes the next message of a channel that is due, for as long as a delivery may take; then somebody else may have it.

  ARGV   1 prefix   2 now or ''   3 channel   4 lease ms

  Result
    { id, json }, or { } when none is due
]]
--- @include "base"

local channel = P .. 'notify:' .. ARGV[3]
local outbox = channel .. ':outbox'
local id = call('ZRANGEBYSCORE', outbox, '-inf', fl.int(now), 'LIMIT', 0, 1)[1]
if not id then return {} end
local json = call('HGET', channel .. ':messages', id)
if not json then
  call('ZREM', outbox, id)
  return {}
end
call('ZADD', outbox, fl.int(now + tonumber(ARGV[4])), id)
return { id, json }
