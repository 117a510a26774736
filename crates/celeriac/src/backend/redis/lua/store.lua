-- Stores results and tells those who wait, for each key: a SUCCESS that stands is never overwritten.
-- KEYS: the results. ARGV: seconds that they are kept (0: for ever), then the value of each.
local stored = 0
local expires = ARGV[1]
for at = 1, #KEYS do
    local key, value = KEYS[at], ARGV[at + 1]
    local is_new
    if expires == '0' then
        is_new = redis.call('SETNX', key, value) == 1
    else
        is_new = redis.call('SET', key, value, 'EX', expires, 'NX')
    end
    local stands = false
    if not is_new then
        local old = redis.call('GET', key)
        if string.find(old, 'SUCCESS', 1, true) then
            local read, meta = pcall(cjson.decode, old)
            stands = read and type(meta) == 'table' and meta.status == 'SUCCESS'
        end
        if not stands and expires == '0' then
            redis.call('SET', key, value)
        elseif not stands then
            redis.call('SETEX', key, expires, value)
        end
    end
    if not stands then
        redis.call('PUBLISH', key, value)
        stored = stored + 1
    end
end
return stored
