-- Records a message as unacked and leased that was moved to a consumer, who was told of it.
-- KEYS: the list that it was moved to, unacked, unacked_index, leases.
-- ARGV: lease in ms, tag, what the record ends with, the message.
-- Answers 1, also when an earlier call has done it, or 0: somebody else has the message.
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then
    return 1
end
-- As in the script that takes: what the record needs must be there before the message leaves its list.
redis.call('ZCARD', KEYS[3])
redis.call('ZCARD', KEYS[4])
if redis.call('LREM', KEYS[1], -1, ARGV[4]) == 0 then
    return 0
end
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[2], ARGV[2], recorded(ARGV[4], ARGV[3]))
redis.call('ZADD', KEYS[3], clock[1] .. string.format('.%06d', clock[2]), ARGV[2])
redis.call('ZADD', KEYS[4], string.format('%.0f', ms + ARGV[1]), ARGV[2])
return 1
