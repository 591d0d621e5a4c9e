-- act: what an operator is about to do is written down.  KEYS acts   ARGV the act
return redis.call('XADD', KEYS[1], '*', 'a', ARGV[1])
