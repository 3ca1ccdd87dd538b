-- bookings_reschedule: another time for a booking (booking_reschedule).
-- in:  $1 actor, $2 booking int8, $3 starts_at, $4 staff int8 (NULL: the same, 0: any),
--      $5 version int4 (0: any), $6 request id text                     out: one row, as create
SELECT * FROM booking_reschedule($1::bigint, $2::bigint, $3::timestamptz, $4::bigint, $5::integer,
    $6::text);
