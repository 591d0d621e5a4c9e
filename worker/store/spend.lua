-- spend: how many calls a credential may make now, and spends them.
-- KEYS budget of the credential
--      fields: hold = nothing is sent before; left, until = what the system said: so many calls until then;
--      <number> = calls made in the slot that ends then.  All times in milliseconds since 1970.
-- ARGV 1 how many calls are wanted, 2 how many are allowed in a window ('' = no limit of ours), 3 window, 4 length of its slots
-- answers granted, milliseconds until more may be granted (0: all were), '1' if the system told us to, left ('' = not said), milliseconds of that
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted = tonumber(ARGV[1])
local flat = redis.call('HGETALL', KEYS[1])
local there, slots = {}, {}
for i = 1, #flat, 2 do
  local name = flat[i]
  there[name] = tonumber(flat[i + 1])
  if string.match(name, '^%d+$') then slots[#slots + 1] = name end
end
if there['hold'] and there['hold'] > now then
  return {0, string.format('%.0f', there['hold'] - now), '1', '', '0'}
end
local granted, wait, last, told = wanted, 0, 0, ''
local left, rest = '', 0
if there['until'] then
  if there['until'] > now then
    rest = there['until'] - now
    last = there['until']
    if there['left'] < granted then
      granted = there['left']
      wait = rest
      told = '1'
    end
  else
    redis.call('HDEL', KEYS[1], 'left', 'until')
  end
end
local slot
if ARGV[2] ~= '' then
  local window, length = tonumber(ARGV[3]), tonumber(ARGV[4])
  local used, oldest = 0, nil
  for _, name in ipairs(slots) do
    local ends = tonumber(name)
    if ends + window <= now or ends > now + 2 * window then  -- over, or the clock was wrong
      redis.call('HDEL', KEYS[1], name)
    else
      used = used + there[name]
      if not oldest or ends < oldest then oldest = ends end
    end
  end
  slot = (math.floor(now / length) + 1) * length
  if slot + window > last then last = slot + window end
  local free = tonumber(ARGV[2]) - used
  if free < granted then
    granted = math.max(free, 0)
    wait = math.max(wait, (oldest or slot) + window - now)
  end
end
if granted > 0 then
  if slot then redis.call('HINCRBY', KEYS[1], string.format('%.0f', slot), string.format('%.0f', granted)) end
  if rest > 0 then redis.call('HINCRBY', KEYS[1], 'left', string.format('%.0f', -granted)) end
  if last > 0 and now + redis.call('PTTL', KEYS[1]) < last then redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last)) end
end
if rest > 0 then left = string.format('%.0f', there['left'] - granted) end
return {granted, string.format('%.0f', wait), told, left, string.format('%.0f', rest)}
