-- Records what lies in the list of a consumer that died as held by it, with leases that have run out.
-- KEYS: its list, unacked, unacked_index, leases, incoming.
-- ARGV: what a tag begins and ends with, what a record ends with, at most so many, its member.
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local since = clock[1] .. string.format('.%06d', clock[2])
local leased_until = redis.call('ZSCORE', KEYS[5], ARGV[5])
if not leased_until or tonumber(leased_until) > ms then
    return 0
end

redis.call('HLEN', KEYS[2])
redis.call('ZCARD', KEYS[3])
redis.call('ZCARD', KEYS[4])
for count = 1, tonumber(ARGV[4]) do
    local message = redis.call('RPOP', KEYS[1])
    if not message then
        break
    end
    local tag = ARGV[1] .. count .. ARGV[2]
    redis.call('HSET', KEYS[2], tag, recorded(message, ARGV[3]))
    redis.call('ZADD', KEYS[3], since, tag)
    redis.call('ZADD', KEYS[4], string.format('%.0f', ms), tag)
end
return 1
