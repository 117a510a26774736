-- Stores results and tells those who wait, for each key: a SUCCESS that stands is never overwritten.
-- KEYS: the results. ARGV: seconds that they are kept (0: for ever), then the value of each.
local stored = 0
for at = 1, #KEYS do
    local key, value = KEYS[at], ARGV[at + 1]
    local old = redis.call('GET', key)
    local stands = false
    if old and string.find(old, 'SUCCESS', 1, true) then
        local read, meta = pcall(cjson.decode, old)
        stands = read and type(meta) == 'table' and meta.status == 'SUCCESS'
    end
    if not stands then
        if ARGV[1] == '0' then
            redis.call('SET', key, value)
        else
            redis.call('SETEX', key, ARGV[1], value)
        end
        redis.call('PUBLISH', key, value)
        stored = stored + 1
    end
end
return stored
