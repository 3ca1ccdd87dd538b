-- bookings_create: one booking, judged and made (booking_create, migrations/0012).
-- in:  $1 customer, $2 salon, $3 service, $4 staff int8 (NULL: any), $5 starts_at, $6 notes text,
--      $7 open bookings at most int4 (0: no limit), $8 request id text
-- out: verdict, lang text, then the columns of bookings_card (NULL unless the verdict is 'ok')
SELECT f.verdict, f.lang, (f.card).*
FROM booking_create($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::timestamptz, $6::text,
    $7::integer, $8::text) f;
