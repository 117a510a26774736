-- Binds a queue that lives no longer than its consumer, and says how long the table of its exchange is kept without
-- word from it, as kombu 5.7 does, whose consumers drop overdue tables.
-- KEYS: the binding set, the deadlines. ARGV: the member, the exchange, milliseconds.
redis.call('SADD', KEYS[1], ARGV[1])
local now = redis.call('TIME')
local ms = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
redis.call('ZADD', KEYS[2], 'GT', ms + tonumber(ARGV[3]), ARGV[2])
