-- What was left behind by workers that died: members of `incoming` that are overdue and whose lists hold something,
-- and the messages whose lease has run out, tag and record of each. Leases without a record (somebody restored the
-- message by kombu's visibility timeout) are dropped, and members that nothing can come for any more.
-- KEYS: unacked, leases, incoming. ARGV: at most so many, how long a member is kept after its lease (ms).
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local overdue = {}
local members = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ms, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for at = 1, #members, 2 do
    local id = string.match(members[at], '^[^\n]*')
    if redis.call('EXISTS', KEYS[3] .. '.' .. id) == 1 then
        overdue[#overdue + 1] = members[at]
    elseif tonumber(members[at + 1]) + tonumber(ARGV[2]) < ms then
        redis.call('ZREM', KEYS[3], members[at])
    end
end
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
return {overdue, found}
