-- take: what is due, and when to look again if the taker does not come back.
-- KEYS due list   ARGV 1 how long the taker may take (milliseconds), 2 how many
-- answers the store's clock in milliseconds, then the members
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[2])
local again = string.format('%.0f', now + ARGV[1])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], again, member) end
table.insert(due, 1, string.format('%.0f', now))
return due
