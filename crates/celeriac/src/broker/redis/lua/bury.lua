-- Dead letters: put before the scripts that bury.
local MAX_DEAD = 10000

local function bury(dead, index, tag, letter, ms)
    redis.call('HSET', dead, tag, letter)
    redis.call('ZADD', index, ms, tag)
end

-- The oldest go when there are too many.
local function trim_dead(dead, index)
    local over = redis.call('ZCARD', index) - MAX_DEAD
    if over > 0 then
        for _, tag in ipairs(redis.call('ZRANGE', index, 0, over - 1)) do
            redis.call('HDEL', dead, tag)
            redis.call('ZREM', index, tag)
        end
    end
end

