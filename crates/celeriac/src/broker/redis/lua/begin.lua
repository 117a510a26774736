-- Marks records whose tasks begin, within the record: so the mark goes where the record goes, and needs no key of its own.
-- KEYS: unacked. ARGV: for each delivery its tag and its mark, a key of JSON.
for at = 1, #ARGV, 2 do
    local record = redis.call('HGET', KEYS[1], ARGV[at])
    if record and string.sub(record, 1, 2) == '[{' then
        redis.call('HSET', KEYS[1], ARGV[at], '[{"' .. ARGV[at + 1] .. '":true,' .. string.sub(record, 3))
    end
end
return 1
