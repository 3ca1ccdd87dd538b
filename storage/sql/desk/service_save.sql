-- desk_service_save: makes or changes a service (service_save), once. NULL: as it is.
-- in:  $1 actor, $2 salon, $3 service (NULL: new) int8, $4 name_ar, $5 name_en text, $6 duration,
--      $7 buffer before, $8 after, $9 price int8, $10 rooms int8[], $11 services at most int8,
--      $12 language, $13 key, $14 fingerprint text ('': none)
-- out: refused, language of an answer that was kept text, then the columns of desk_service
WITH done AS MATERIALIZED (
    SELECT coalesce(once($1::bigint, $13::text, $14::text),
        once_keep($1::bigint, $13::text, $14::text, $12::text,
            service_save($1::bigint, $2::bigint, $3::bigint, $4::text, $5::text,
                $6::bigint::integer, $7::bigint::integer, $8::bigint::integer, $9::bigint,
                $10::bigint[], $11::bigint)))
        AS answer
)
SELECT (done.answer).refused, (done.answer).lang, card.*
FROM done, jsonb_populate_record(NULL::desk_service, (done.answer).card) card;
