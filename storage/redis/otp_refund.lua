-- otp_refund: what was admitted under this id no longer counts here; with it goes the cooldown that it
-- began.
-- KEYS  1 the window's sorted set          ARGV  1 id          Returns 1, or 0 when it was not counted.
return redis.call('ZREM', KEYS[1], ARGV[1])
