-- Takes up to ARGV[1] messages out of the lists, in their order, and records each as unacked and leased: one step, so
-- that no crash can lose a message between the two.
-- KEYS: unacked, unacked_index, leases, delayed, then the lists: for each step, each queue.
-- ARGV: max, lease in ms, what a tag begins and ends with, number of queues, then what each queue's record ends with.
-- Answers: when the next delayed message is due (ms, or -1), then for each message its queue's number and its bytes.
local MAX_BYTES = 64 * 1024 * 1024
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- As texts, so that they are not formatted anew for each message.
local since = clock[1] .. string.format('.%06d', clock[2])
local leased_until = string.format('%.0f', ms + ARGV[2])

-- A script that fails half way undoes nothing: what the records need must be there before a message leaves its list.
redis.call('HLEN', KEYS[1])
redis.call('ZCARD', KEYS[2])
redis.call('ZCARD', KEYS[3])

local function next_due()
    local first = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
    return first[2] and tonumber(first[2]) or -1
end
local due = next_due()
if due >= 0 and due <= ms then
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ms, 'LIMIT', 0, 200)) do
        local cut, tag, list = string.match(member, '^(%d+):([^\n]*)\n(.*)$')
        local record = redis.call('HGET', KEYS[1], tag)
        if record then
            redis.call('HDEL', KEYS[1], tag)
            redis.call('ZREM', KEYS[2], tag)
            redis.call('LPUSH', list, string.sub(record, 2, -1 - tonumber(cut)))
        end
        redis.call('ZREM', KEYS[4], member)
    end
    due = next_due()
end

local queues = tonumber(ARGV[5])
local taken, bytes = 0, 0
local answer, records, ages, leases = {due}, {}, {}, {}

local function take(list, queue, want)
    while want > 0 and bytes < MAX_BYTES do
        local some = math.min(want, 8)
        if taken > 0 then
            some = math.min(want, 512, math.max(1, math.floor((MAX_BYTES - bytes) * taken / (bytes + 1))))
        end
        local got = redis.pcall('RPOP', list, some)
        if got and got.err and taken == 0 then
            redis.call('RPOP', list, some)
        end
        -- One key that is no list must not cost the messages of the others.
        if not got or got.err then
            return want
        end
        for _, message in ipairs(got) do
            taken = taken + 1
            bytes = bytes + #message
            local tag = ARGV[3] .. taken .. ARGV[4]
            local at = taken * 2
            records[at - 1] = tag
            records[at] = recorded(message, ARGV[5 + queue])
            ages[at - 1], ages[at] = since, tag
            leases[at - 1], leases[at] = leased_until, tag
            answer[at], answer[at + 1] = queue, message
        end
        want = want - #got
        if #got < some then
            return want
        end
    end
    return want
end

local want = tonumber(ARGV[1])
local at = 5
while KEYS[at] and want > 0 do
    -- Of each step first every queue's share, then whatever there is.
    local share = math.max(1, math.floor(want / queues))
    for round = 1, queues > 1 and 2 or 1 do
        for queue = 1, queues do
            local asked = math.min(want, (round == 1 and queues > 1) and share or want)
            if asked > 0 then
                want = want - (asked - take(KEYS[at + queue - 1], queue, asked))
            end
        end
    end
    at = at + queues
end

if taken > 0 then
    redis.call('HSET', KEYS[1], unpack(records))
    redis.call('ZADD', KEYS[2], unpack(ages))
    redis.call('ZADD', KEYS[3], unpack(leases))
end
return answer
