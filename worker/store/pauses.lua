-- pauses: one system's pause moves: it is made, a failure is counted, or what a success ends is ended.
-- KEYS pauses: hash  system -> "until\nstrikes\nsince\nreason\nby\nwhy"; until and since in milliseconds since 1970;
--      until 0 = until it is resumed; reason '' = none, only failures counted so far
-- ARGV 1 system, 2 what: pause | failed | worked | unused
--      pause:  3 reason, 4 milliseconds (0 = until it is resumed), 5 by, 6 why
--      unused: 3 until when the probe was alone: it asked nothing, another may go
--      failed: 3 how many failures in a row are too many, 4 milliseconds of the breaker's pause, 5 by, 6 why
-- answers failures in a row, reason in force, '1' if this call paused it, or ended its pause
local RANK = {[''] = 0, breaker = 1, credentials = 2, throttled = 3, operator = 4}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local there = redis.call('HGET', KEYS[1], ARGV[1])
local until_, strikes, since, reason, rest = 0, 0, now, '', '\n'
if there then
  until_, strikes, since, reason, rest = string.match(there, '^(%d+)\n(%d+)\n(%d+)\n(%l*)\n(.*)$')
  until_, strikes, since = tonumber(until_), tonumber(strikes), tonumber(since)
end
local changed = ''
local function arm(word)
  if RANK[word] < RANK[reason] then return end  -- a stronger pause stays
  if word ~= reason then
    since = now
    changed = '1'
  end
  reason = word
  local length = tonumber(ARGV[4])
  if length == 0 then
    until_ = 0
  elseif changed == '1' or until_ < now + length then  -- the same pause again only grows
    until_ = now + length
  end
  rest = ARGV[5] .. '\n' .. ARGV[6]
end
if ARGV[2] == 'worked' then
  if not there then return {0, '', ''} end
  strikes = 0
  if reason ~= '' and RANK[reason] <= RANK['credentials'] then
    reason = ''
    changed = '1'
  end
elseif ARGV[2] == 'unused' then
  if string.format('%.0f', until_) == ARGV[3] then until_ = now end
elseif ARGV[2] == 'failed' then
  strikes = strikes + 1
  if strikes >= tonumber(ARGV[3]) then arm('breaker') end
else
  arm(ARGV[3])
end
if reason == '' and strikes == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  local head = string.format('%.0f\n%.0f\n%.0f\n', until_, strikes, since)
  redis.call('HSET', KEYS[1], ARGV[1], head .. reason .. '\n' .. rest)
end
return {strikes, reason, changed}
