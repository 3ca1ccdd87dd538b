-- bookings_cancel: an active booking becomes cancelled (booking_cancel, migrations/0012).
-- in:  $1 actor, $2 booking int8, $3 reason text, $4 request id text                out: as create
SELECT f.verdict, f.lang, (f.card).*
FROM booking_cancel($1::bigint, $2::bigint, $3::text, $4::text) f;
