-- What every script begins with: the key prefix, the clock, the constants.
--
-- ARGV[1] is the prefix of all keys (with its trailing ':'), ARGV[2] the time in epoch ms, or '' for the server's own
-- clock: leases and due times are then compared on one clock, whatever the clocks of the workers say.

local call = redis.call
local P = ARGV[1]
local now = tonumber(ARGV[2])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Whoever puts an attempt into the outbox dispatches it at once; after this long it counts as forgotten.
local DISPATCH_GRACE_MS = 3000
-- A dispatched attempt that nobody has claimed is dispatched again this often. Adding a job that is there changes nothing.
local REDISPATCH_MS = 30000
-- Attempts of a channel that are with BullMQ, waiting for a worker. The rest waits in the ready set, where priority counts.
local DEPTH_DEFAULT = 128

-- Refusals, mirrored in engine/redis-refusals.ts.
local RUN_UNKNOWN = -1
local UNKNOWN_INSTANCE = -2
local STALE_ATTEMPT = -3
local WRONG_STATE = -4
local NOT_EXPIRED = -5
local RUN_NOT_RUNNING = -6
local NOT_DISPATCHED = -7
local GRAPH_UNKNOWN = -8

-- Whole numbers as text; tostring() would turn 1e15 into an exponent.
local function int(number)
  return string.format('%.0f', number)
end
