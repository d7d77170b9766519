--[[
  What one look of the notifier came to: what it remembers from now on, and the messages that go out. All of it, or, when another
  scheduler has been faster, nothing.

  ARGV   1 prefix   2 now or ''   3 revision of the memory that the look began with   4 messages of a channel that wait, at most
         5 ms after which a channel that nobody serves is forgotten
         6 JSON { set: { field: text }, unset: [field], deliveries: [{ channel, id, json }], durations: [{ dag, json }] }

  Result
    1 done, 0 somebody else was faster
]]
--- @include "base"

local memory = P .. 'notify'
if (call('HGET', memory, 'rev') or '0') ~= ARGV[3] then return 0 end
local change = cjson.decode(ARGV[6])

for field, text in pairs(change.set) do call('HSET', memory, field, text) end
for _, field in ipairs(change.unset) do call('HDEL', memory, field) end
call('HINCRBY', memory, 'rev', 1)

for _, entry in ipairs(change.durations) do
  local key = P .. 'durations:' .. entry.dag
  call('LPUSH', key, entry.json)
  call('LTRIM', key, 0, 20)
end

for _, delivery in ipairs(change.deliveries) do
  local channel = P .. 'notify:' .. delivery.channel
  local outbox, messages = channel .. ':outbox', channel .. ':messages'
  -- The receiver has been away for long: the oldest give way.
  if call('ZCARD', outbox) >= tonumber(ARGV[4]) then
    call('HDEL', messages, call('ZPOPMIN', outbox)[1])
    call('HINCRBY', channel .. ':health', 'dropped', 1)
  end
  call('ZADD', outbox, fl.int(now), delivery.id)
  call('HSET', messages, delivery.id, delivery.json)
  call('PEXPIRE', outbox, ARGV[5])
  call('PEXPIRE', messages, ARGV[5])
end
return 1
