-- desk_exception_add: time off or extra hours of a member of staff (staff_exception_add), once.
-- in:  $1 actor, $2 salon, $3 staff int8, $4 kind text, $5 starts_at, $6 ends_at, $7 note text,
--      $8 at most int8, $9 language, $10 key, $11 fingerprint text ('': none)
-- out: refused, language of an answer that was kept text, id int8, bookings it runs into int8[],
--      timezone text
WITH done AS MATERIALIZED (
    SELECT coalesce(once($1::bigint, $10::text, $11::text),
        once_keep($1::bigint, $10::text, $11::text, $9::text,
            staff_exception_add($1::bigint, $2::bigint, $3::bigint, $4::text, $5::timestamptz,
                $6::timestamptz, $7::text, $8::bigint)))
        AS answer
)
SELECT (done.answer).refused, (done.answer).lang, card.*
FROM done,
    jsonb_to_record((done.answer).card) AS card (id bigint, clashing bigint[], timezone text);
