-- Messages whose lease has run out: tag and record of each. Leases without a record (somebody restored the message by
-- kombu's visibility timeout) are dropped.
-- KEYS: unacked, leases. ARGV: at most so many.
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local found, bytes = {}, 0
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ms, 'LIMIT', 0, ARGV[1])) do
    local record = redis.call('HGET', KEYS[1], tag)
    if record then
        bytes = bytes + #record
        found[#found + 1] = tag
        found[#found + 1] = record
        if bytes > 67108864 then
            break
        end
    else
        redis.call('ZREM', KEYS[2], tag)
    end
end
return found
