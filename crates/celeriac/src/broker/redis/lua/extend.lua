-- Renews leases, and the scores by which kombu's visibility timeout goes. Answers the tags that are lost.
-- KEYS: unacked_index, leases. ARGV: lease in ms, tags.
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local seconds = clock[1] + clock[2] / 1000000
local lost = {}
for at = 2, #ARGV do
    if redis.call('ZSCORE', KEYS[1], ARGV[at]) then
        redis.call('ZADD', KEYS[1], 'XX', seconds, ARGV[at])
        redis.call('ZADD', KEYS[2], ms + ARGV[1], ARGV[at])
    else
        redis.call('ZREM', KEYS[2], ARGV[at])
        lost[#lost + 1] = ARGV[at]
    end
end
return lost
