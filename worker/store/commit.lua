-- commit: a value moves from the revision that was read to the next one, with all that follows from it; or nothing happens.
-- KEYS value, due list, outbox
-- ARGV 1 what the value begins with ('' = it is not there), 2 the new value, 3 member of the due list ('' = leave the list),
--      4 when it is due ('' = not any more), 5 notes for the outbox or '', 6 time to live in milliseconds or ''
-- answers 1, or the value that is there now ('' = none)
local there
if ARGV[1] == '' then
  there = redis.call('EXISTS', KEYS[1]) == 0
else
  there = redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1]
end
if not there then return redis.call('GET', KEYS[1]) or '' end
if ARGV[6] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[6])
end
if ARGV[5] ~= '' then redis.call('XADD', KEYS[3], '*', 'n', ARGV[5]) end
if ARGV[3] ~= '' then
  if ARGV[4] == '' then
    redis.call('ZREM', KEYS[2], ARGV[3])
  else
    redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
  end
end
return 1
