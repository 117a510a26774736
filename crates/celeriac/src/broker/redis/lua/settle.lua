-- Ends deliveries. One whose record has gone is passed over: it is no longer the caller's.
-- KEYS: unacked, unacked_index, leases, delayed, dead, dead_index.
-- ARGV: number of acks, their tags;
--       number of rejects, for each: tag, note;
--       number of returns, for each: tag, where to (the end L or R of a list, W to wait, D to the
--       dead letters), list or member of delayed or note, envelope or record, delay in ms.
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local at = 0
local function argument()
    at = at + 1
    return ARGV[at]
end

local acks = tonumber(argument())
for first = at + 1, at + acks, 1000 do
    local last = math.min(first + 999, at + acks)
    redis.call('HDEL', KEYS[1], unpack(ARGV, first, last))
    redis.call('ZREM', KEYS[2], unpack(ARGV, first, last))
    redis.call('ZREM', KEYS[3], unpack(ARGV, first, last))
end
at = at + acks

local rejects = tonumber(argument())
for _ = 1, rejects do
    local tag, note = argument(), argument()
    local record = redis.call('HGET', KEYS[1], tag)
    if record then
        redis.call('HDEL', KEYS[1], tag)
        redis.call('ZREM', KEYS[2], tag)
        redis.call('ZREM', KEYS[3], tag)
        bury(KEYS[5], KEYS[6], tag, note .. '\n' .. record, ms)
    end
end
for _ = 1, tonumber(argument()) do
    local tag, side, place, bytes, delay = argument(), argument(), argument(), argument(), tonumber(argument())
    if redis.call('HEXISTS', KEYS[1], tag) == 1 then
        redis.call('ZREM', KEYS[3], tag)
        if side == 'W' then
            redis.call('HSET', KEYS[1], tag, bytes)
            redis.call('ZADD', KEYS[2], (ms + delay) / 1000, tag)
            redis.call('ZADD', KEYS[4], ms + delay, place)
        elseif side == 'D' then
            redis.call('HDEL', KEYS[1], tag)
            redis.call('ZREM', KEYS[2], tag)
            bury(KEYS[5], KEYS[6], tag, place .. '\n' .. bytes, ms)
        else
            redis.call('HDEL', KEYS[1], tag)
            redis.call('ZREM', KEYS[2], tag)
            redis.call(side == 'L' and 'LPUSH' or 'RPUSH', place, bytes)
        end
    end
end

trim_dead(KEYS[5], KEYS[6])
return 1
