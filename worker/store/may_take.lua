-- may_take: how many lanes of a system may be taken now.
-- KEYS pauses (see pauses.lua)
-- ARGV 1 system, 2 how many there is room for, 3 milliseconds for which one probe is alone: breaker, 4: credentials
-- answers how many, '1' if anything at all is known against the system, until when the probe is alone ('' = it is none)
--   no pause                         all
--   by an operator, or not over yet  none
--   throttled, over                  all, and the pause is gone: nobody knows anything against the system
--   breaker or credentials, over     one, as a probe; the next one only after ARGV 3 or 4, unless something works before
local there = redis.call('HGET', KEYS[1], ARGV[1])
if not there then return {tonumber(ARGV[2]), '', ''} end
local until_, strikes, since, reason, rest = string.match(there, '^(%d+)\n(%d+)\n(%d+)\n(%l*)\n(.*)$')
if reason == '' then return {tonumber(ARGV[2]), '1', ''} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
until_ = tonumber(until_)
if until_ == 0 or now < until_ then return {0, '1', ''} end
if reason == 'throttled' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return {tonumber(ARGV[2]), '', ''}
end
local alone = ARGV[3]
if reason == 'credentials' then alone = ARGV[4] end
alone = string.format('%.0f', now + alone)
redis.call('HSET', KEYS[1], ARGV[1], alone .. '\n' .. strikes .. '\n' .. since .. '\n' .. reason .. '\n' .. rest)
return {math.min(1, tonumber(ARGV[2])), '1', alone}
