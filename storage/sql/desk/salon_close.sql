-- desk_salon_close: a salon is no more (salon_close).
-- in:  $1 actor, $2 salon int8          out: verdict, lang text, active bookings ahead int8
SELECT f.verdict, f.lang, f.busy FROM salon_close($1::bigint, $2::bigint) f;
