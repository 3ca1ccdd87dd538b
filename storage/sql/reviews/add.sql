-- reviews_add: a customer judges a booking (review_add), once.
-- in:  $1 actor, $2 salon, $3 booking, $4 rating int8, $5 comment, $6 language, $7 key,
--      $8 fingerprint text ('': none)
-- out: refused, language of an answer that was kept text, id int8, author, rating int4, comment,
--      created_at, service_name_ar, service_name_en, timezone text
WITH done AS MATERIALIZED (
    SELECT coalesce(once($1::bigint, $7::text, $8::text),
        once_keep($1::bigint, $7::text, $8::text, $6::text,
            review_add($1::bigint, $2::bigint, $3::bigint, $4::bigint::integer, $5::text)))
        AS answer
)
SELECT (done.answer).refused, (done.answer).lang, card.*
FROM done, jsonb_to_record((done.answer).card) AS card (id bigint, author text, rating integer,
    comment text, created_at timestamptz, service_name_ar text, service_name_en text,
    timezone text);
