-- Drops what only its holder may drop: the lead of a beat, a lock. KEYS: its key. ARGV: who holds it.
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
