-- Leads, or goes on leading. KEYS: the leader. ARGV: node, lease in ms. Answers 1, or 0 while another node leads.
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
