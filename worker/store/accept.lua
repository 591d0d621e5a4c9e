-- accept: an event enters the journal, once.
-- KEYS 1 event, 2 clock, 3 due list of events, 4 journal, 5 events of the subject, 6 parked
-- ARGV 1 name (source:id), 2 digest, 3 the record after its first four fields (`,"source":...}`), 4 source time, 16 digits or '',
--      5 seconds that it may run ahead of us, 6 sequence, 20 digits, 7 version: 46 digits as given, 36 of a replayed event, or '',
--      8 '1' = due, '' = recorded only, 9 '1' = it is parked, 10 backlog above which nothing new is taken ('' = no limit),
--      11 time to live in milliseconds if it is recorded only ('' = none), 12 id
-- answers word, version
local there = redis.call('GET', KEYS[1])
if there then
  redis.call('HINCRBY', KEYS[2], 'again', 1)  -- a write, so that a durability barrier has something to wait for
  local digest, version = string.match(there, '"digest":"(%w+)","version":"(%d+)"')
  if digest == ARGV[2] then return {'same', version} end
  return {'other', version}
end
if ARGV[10] ~= '' and redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[10]) then return {'full', ''} end
local time = redis.call('TIME')
local stamp = string.format('%010d%06d', time[1], time[2])
local last = redis.call('HGET', KEYS[2], 't') or ''
if stamp < last then stamp = last end  -- our clock never steps back
redis.call('HSET', KEYS[2], 't', stamp)
local counter = string.format('%010d', redis.call('HINCRBY', KEYS[2], 'n', 1))
local at, late = stamp, ''
if ARGV[4] ~= '' then
  local limit = string.format('%010d%06d', time[1] + ARGV[5], time[2])
  if ARGV[4] > limit then late = ',"late":true' else at = ARGV[4] end  -- held from above only
end
local version = at .. ARGV[6] .. counter
if #ARGV[7] == 46 then version = ARGV[7] elseif #ARGV[7] == 36 then version = ARGV[7] .. counter end
local milliseconds = string.sub(stamp, 1, 13)
local record = '{"rev":1,"digest":"' .. ARGV[2] .. '","version":"' .. version .. '","at":' .. string.gsub(milliseconds, '^0+', '') .. late .. ARGV[3]
if ARGV[8] == '1' then redis.call('ZADD', KEYS[3], milliseconds, ARGV[1]) end
if ARGV[8] == '1' or ARGV[11] == '' then
  redis.call('SET', KEYS[1], record)
else
  redis.call('SET', KEYS[1], record, 'PX', ARGV[11])
end
redis.call('ZADD', KEYS[4], milliseconds, ARGV[1])
-- Of a subject that goes on speaking each event looks whether two others, any two, are still remembered: so the list is at most
-- about twice as long as what is.
if redis.call('ZCARD', KEYS[5]) > 32 then
  local name = string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[12])
  for _, id in ipairs(redis.call('ZRANDMEMBER', KEYS[5], 2)) do
    if redis.call('EXISTS', name .. id) == 0 then redis.call('ZREM', KEYS[5], id) end
  end
end
redis.call('ZADD', KEYS[5], string.sub(version, 1, 16), ARGV[12])
if ARGV[9] == '1' then redis.call('ZADD', KEYS[6], milliseconds, ARGV[1]) end
return {'new', version}
