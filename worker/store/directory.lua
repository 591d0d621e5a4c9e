-- directory: the list of a system's accounts is made by one worker at a time, and replaced as a whole.
-- KEYS 1 who makes it, 2 the list that is being filled, 3 the list in force
-- ARGV 1 token, 2 what: claim | keep | whole | fail, 3 milliseconds for which that holds, 4 of fail: why ('!' and then the mark)
-- answers 1 if the token has the claim (of fail: had), else 0; then what stands there instead, and for how many milliseconds
if ARGV[2] == 'claim' then
  if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[3]) then return {1, '', 0} end
  return {0, redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  redis.call('DEL', KEYS[2])
  return {0, '', 0}
end
if ARGV[2] == 'keep' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
elseif ARGV[2] == 'whole' then
  redis.call('RENAME', KEYS[2], KEYS[3])
  redis.call('PERSIST', KEYS[3])
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[3])
  redis.call('DEL', KEYS[2])
end
return {1, '', 0}
