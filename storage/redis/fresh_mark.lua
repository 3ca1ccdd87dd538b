-- fresh_mark: this user has just written; for a while her reads look before they answer, wherever they
-- arrive. Another mark only makes it last longer.
-- KEYS  1 the user's mark          ARGV  1 how long in ms          Returns 1
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1
