-- Gives a client its reply, if it is still there: its queue is bound under its routing key.
-- KEYS: the binding set, the reply queue that it should have. ARGV: routing key, its usual member, payload, seconds
-- that the queue is kept, prefix of keys.
local queue
if redis.call('SISMEMBER', KEYS[1], ARGV[2]) == 1 then
    queue = KEYS[2]
else
    for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
        local key, bound = string.match(member, '^(.-)\6\22.-\6\22(.*)$')
        if key == ARGV[1] then
            queue = ARGV[5] .. bound
        end
    end
end
if not queue then
    return 0
end
redis.call('LPUSH', queue, ARGV[3])
redis.call('EXPIRE', queue, ARGV[4])
return 1
