-- limit: what a system said of a credential: so many calls until then, or none at all.
-- KEYS budget of the credential (fields: see spend.lua)
-- ARGV 1 calls that are left ('' = a hold: nothing is sent), 2 milliseconds from now
-- A hold only grows.  What is left only shrinks until its time is over: answers overtake each other, and a call under way is
-- counted by us before the system counts it.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local till = now + ARGV[2]
if ARGV[1] == '' then
  local hold = tonumber(redis.call('HGET', KEYS[1], 'hold') or '0')
  if till > hold then redis.call('HSET', KEYS[1], 'hold', string.format('%.0f', till)) end
else
  local known = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
  local left = tonumber(ARGV[1])
  if known > now then
    left = math.min(left, tonumber(redis.call('HGET', KEYS[1], 'left')))
    if known > till or ARGV[1] ~= '0' then till = known end  -- it ends later only if nothing at all is left
  end
  redis.call('HSET', KEYS[1], 'left', string.format('%.0f', left), 'until', string.format('%.0f', till))
end
local ttl = redis.call('PTTL', KEYS[1])
if ttl < till - now then redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', till)) end
return 1
