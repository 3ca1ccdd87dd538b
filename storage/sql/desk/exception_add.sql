-- desk_exception_add: time off or extra hours of a member of staff (staff_exception_add).
-- in:  $1 actor, $2 salon, $3 staff int8, $4 kind text, $5 starts_at, $6 ends_at, $7 note text, $8
--      at most int8, $9 language asked for, $10 key, $11 fingerprint text ('': none)
-- out: verdict, lang text, id int8, bookings it runs into int8[], timezone text
SELECT f.verdict, f.lang, f.id, f.clashing, f.timezone
FROM staff_exception_add($1::bigint, $2::bigint, $3::bigint, $4::text, $5::timestamptz,
    $6::timestamptz, $7::text, $8::bigint, $9::text, $10::text, $11::text) f;
