-- Renews leases, and the scores by which kombu's visibility timeout goes. Answers the tags that are lost.
-- KEYS: unacked_index, leases. ARGV: lease in ms, tags.
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local since = clock[1] .. string.format('.%06d', clock[2])
local leased_until = string.format('%.0f', ms + ARGV[1])
local lost = {}
for at = 2, #ARGV do
    if redis.call('ZSCORE', KEYS[1], ARGV[at]) then
        redis.call('ZADD', KEYS[1], 'XX', since, ARGV[at])
        redis.call('ZADD', KEYS[2], leased_until, ARGV[at])
    else
        redis.call('ZREM', KEYS[2], ARGV[at])
        lost[#lost + 1] = ARGV[at]
    end
end
return lost
