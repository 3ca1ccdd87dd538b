-- desk_staff_save: takes on or changes a member of staff (staff_save), once. NULL: as it is.
-- in:  $1 actor, $2 salon, $3 staff (NULL: by phone) int8, $4 phone, $5 first name, $6 last name
--      text, $7 services, $8 weekday, $9 starts, $10 ends int8[], $11 staff at most int8,
--      $12 language, $13 key, $14 fingerprint text ('': none)
-- out: refused, language of an answer that was kept text, then the columns of desk_staff
WITH done AS MATERIALIZED (
    SELECT coalesce(once($1::bigint, $13::text, $14::text),
        once_keep($1::bigint, $13::text, $14::text, $12::text,
            staff_save($1::bigint, $2::bigint, $3::bigint, $4::text, $5::text, $6::text,
                $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint)))
        AS answer
)
SELECT (done.answer).refused, (done.answer).lang, card.*
FROM done, jsonb_populate_record(NULL::desk_staff, (done.answer).card) card;
