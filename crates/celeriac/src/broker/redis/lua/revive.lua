-- Puts dead letters back into their queues.
-- KEYS: dead, dead_index. ARGV: for each: tag, list, envelope. Answers how many.
local revived = 0
for at = 1, #ARGV, 3 do
    if redis.call('HDEL', KEYS[1], ARGV[at]) == 1 then
        redis.call('ZREM', KEYS[2], ARGV[at])
        redis.call('LPUSH', ARGV[at + 1], ARGV[at + 2])
        revived = revived + 1
    end
end
return revived
