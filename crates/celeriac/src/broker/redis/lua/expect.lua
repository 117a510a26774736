-- Makes lists known that a server-side move may fill, or keeps them known; after the lease anybody may empty them.
-- KEYS: incoming. ARGV: lease in ms, for each list: its name, its member. Answers how many of them hold a message.
local clock = redis.call('TIME')
local leased_until = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[1])
local full = 0
for at = 2, #ARGV, 2 do
    redis.call('ZADD', KEYS[1], leased_until, ARGV[at + 1])
    full = full + redis.call('EXISTS', ARGV[at])
end
return full
