-- fresh_asked: has this user written a moment ago (fresh_mark)?
-- KEYS  1 the user's mark                                          Returns 1 or 0
return redis.call('EXISTS', KEYS[1])
