-- bookings_tidy: expires holds, forgets old keys (bookings_tidy).
-- in:  $1 at most of each int4          out: holds, keys int8
SELECT t.holds, t.keys FROM bookings_tidy($1::integer) t;
