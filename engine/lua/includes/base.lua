-- What every script begins with: the key prefix, the clock, the constants.
--
-- ARGV[1] is the prefix of all keys (with its trailing ':'), ARGV[2] the time in epoch ms, or '' for the server's own
-- clock: leases and due times are then compared on one clock, whatever the clocks of the workers say.

local call = redis.call
local P = ARGV[1]
-- All functions live in one table: Lua makes them anew for every call of a script, and a closure over many locals costs much more
-- than one over a table.
local fl = {}
local now = tonumber(ARGV[2])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Whoever puts an attempt into the outbox dispatches it at once; after this long it counts as forgotten.
fl.DISPATCH_GRACE_MS = 3000
-- A dispatched attempt that nobody has claimed is dispatched again this often. Adding a job that is there changes nothing.
fl.REDISPATCH_MS = 10000
-- Attempts that one script hands to BullMQ, at most.
fl.DISPATCH_MAX = 500
-- Attempts that wait with BullMQ while no worker of the queue is known.
fl.DEPTH_UNKNOWN = 8

-- Refusals, mirrored in engine/redis-refusals.ts.
fl.RUN_UNKNOWN = -1
fl.UNKNOWN_INSTANCE = -2
fl.STALE_ATTEMPT = -3
fl.WRONG_STATE = -4
fl.NOT_EXPIRED = -5
fl.RUN_NOT_RUNNING = -6
fl.NOT_DISPATCHED = -7
fl.GRAPH_UNKNOWN = -8

-- What notifications are made of; see engine/notify/event-notices.ts. Nothing of the engine depends on it, so it is short.
fl.EVENTS_MAX = 10000
function fl.note(type, about, ...)
  call('XADD', P .. 'events', 'MAXLEN', '~', fl.EVENTS_MAX, '*', 'type', type, 'about', about, 'at', string.format('%.0f', now), ...)
end

-- Whole numbers as text; tostring() would turn 1e15 into an exponent.
function fl.int(number)
  return string.format('%.0f', number)
end
