-- bookings_move: confirm, complete, no_show or cancel (booking_move).
-- in:  $1 actor (NULL: the system), $2 booking int8, $3 action text, $4 version int4 (0: any),
--      $5 reason, $6 request id text
-- out: one row, as create
SELECT * FROM booking_move($1::bigint, $2::bigint, $3::text, $4::integer, $5::text, $6::text);
