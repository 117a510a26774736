-- Puts back what was moved to a consumer who does not want it any more.
-- KEYS: the list that it was moved to, the queue's, incoming. ARGV: the member to forget, or nothing.
while redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'RIGHT') do
end
if ARGV[1] then
    redis.call('ZREM', KEYS[3], ARGV[1])
end
return 1
