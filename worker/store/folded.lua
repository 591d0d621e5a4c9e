-- folded: the position up to which the outbox has reached the records moves on, and never back.  KEYS position, outbox   ARGV position
local function parts(id)
  local time, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(time), tonumber(sequence)
end
local time, sequence = parts(ARGV[1])
local old = redis.call('GET', KEYS[1])
if old then
  local was, step = parts(old)
  if was > time or (was == time and step >= sequence) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[1])
return 1
