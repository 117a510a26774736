-- Takes the oldest replies out of a client's queue. KEYS: the queue. ARGV: at most so many, no more after so many bytes.
local replies, bytes = {}, 0
while #replies < tonumber(ARGV[1]) and bytes < tonumber(ARGV[2]) do
    local reply = redis.call('RPOP', KEYS[1])
    if not reply then
        break
    end
    replies[#replies + 1] = reply
    bytes = bytes + #reply
end
return replies
