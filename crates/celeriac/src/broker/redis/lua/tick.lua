-- Makes ticks: each becomes its entry's last one and its messages are pushed, if the last one is still as expected.
-- KEYS: the last ticks. ARGV: for each: entry, previous (ms, or empty), due (ms), number of messages, for each of
-- those: list, envelope. Answers 1 or 0 for each.
local made, at = {}, 1
while ARGV[at] do
    local entry, previous, due, count = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    at = at + 4
    local is_next = (redis.call('HGET', KEYS[1], entry) or '') == previous
    if is_next then
        redis.call('HSET', KEYS[1], entry, due)
        for message = at, at + 2 * count - 2, 2 do
            redis.call('LPUSH', ARGV[message], ARGV[message + 1])
        end
    end
    made[#made + 1] = is_next and 1 or 0
    at = at + 2 * count
end
return made
