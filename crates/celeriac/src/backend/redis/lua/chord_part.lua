-- Counts a header task that has ended, as Celery 5.7 does: the same keys, so that its workers and ours count together.
-- KEYS: .j (parts by index), .t (added later), .s (size), .d (seen), .c (claim).
-- ARGV: task id, index, part, seconds that the keys are kept (0: for ever), seconds of a claim, claim.
-- Answers: -1 when it was dispatched, else the count; the size and what was added, when known; and the parts, when
-- the caller must dispatch the body.
local jkey, tkey, skey, dkey, ckey = unpack(KEYS)
local claim = redis.call('GET', ckey)
if claim == 'done' then
    return {-1}
end
local member = ARGV[1] .. ':' .. ARGV[2]
if redis.call('SADD', dkey, member) == 1 then
    redis.call('ZADD', jkey, ARGV[2], ARGV[3])
end
local count = redis.call('ZCARD', jkey)
if ARGV[4] ~= '0' then
    for _, key in ipairs({jkey, tkey, skey, dkey}) do
        redis.call('EXPIRE', key, ARGV[4])
    end
end
local size, more = redis.call('GET', skey), redis.call('GET', tkey)
if not size or count < tonumber(size) + tonumber(more or 0) then
    return {count, size, more}
end
-- The same task again: its worker died between the count and the body.
if claim and claim ~= ARGV[6] then
    return {-1}
end
redis.call('SET', ckey, ARGV[6], 'EX', ARGV[5])
return {count, size, more, redis.call('ZRANGE', jkey, 0, -1)}
