-- Puts messages back whose holder is still silent, or buries them.
-- KEYS: unacked, unacked_index, leases, dead, dead_index.
-- ARGV: what tells that a holder is silent: lease (its lease has run out), or a time (its score is not above it);
--       for each message: tag, list, envelope or record, note (empty: put back; else bury).
-- Answers how many were put back and how many buried.
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local put_back, buried = 0, 0
for at = 2, #ARGV, 4 do
    local tag, list, bytes, note = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    local until_when, now
    if ARGV[1] == 'lease' then
        until_when, now = redis.call('ZSCORE', KEYS[3], tag), ms
    else
        until_when, now = redis.call('ZSCORE', KEYS[2], tag), tonumber(ARGV[1])
    end
    if until_when and tonumber(until_when) <= now and redis.call('HDEL', KEYS[1], tag) == 1 then
        redis.call('ZREM', KEYS[2], tag)
        redis.call('ZREM', KEYS[3], tag)
        if note == '' then
            redis.call('RPUSH', list, bytes)
            put_back = put_back + 1
        else
            bury(KEYS[4], KEYS[5], tag, note .. '\n' .. bytes, ms)
            buried = buried + 1
        end
    end
end
if buried > 0 then
    trim_dead(KEYS[4], KEYS[5])
end
return {put_back, buried}
