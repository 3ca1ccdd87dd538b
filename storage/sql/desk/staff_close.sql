-- desk_staff_close: staff_close.
-- in:  $1 actor, $2 salon, $3 staff int8
-- out: verdict, lang text, active bookings ahead int8
SELECT f.verdict, f.lang, f.busy FROM staff_close($1::bigint, $2::bigint, $3::bigint) f;
