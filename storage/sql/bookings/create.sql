-- bookings_create: requests for bookings, judged and made together (bookings_decide).
-- in:  $1 open bookings at most, $2 holds at most (0: no limit), $3 seconds of a hold int4
--      per request: $4 customer, $5 salon, $6 hold (0 or 1) int8[], $7 notes, $8 request id,
--      $9 language of the answer, $10 key, $11 fingerprint ('': none) text[]
--      per service wanted: $12 its request (from 1), $13 service, $14 staff (0: any) int8[],
--      $15 starts_at timestamptz[]
-- out: request, service of it int4, refused text (the reason's name; NULL: granted), lang text (of
--      the answer that was given before, for the same key; else NULL), then the columns of
--      bookings_shown (NULL when refused)
SELECT * FROM bookings_decide($1::integer, $2::integer, $3::integer, $4::bigint[], $5::bigint[],
    $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[],
    $13::bigint[], $14::bigint[], $15::timestamptz[]);
