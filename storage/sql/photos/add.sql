-- photos_add: a salon shows a photo (photo_add), once.
-- in:  $1 actor, $2 salon int8, $3 content, $4 kind text, $5 width, $6 height, $7 bytes, $8 at most
--      int8, $9 language, $10 key, $11 fingerprint text ('': none)
-- out: refused, language of an answer that was kept text, id int8, created_at timestamptz, timezone
--      text
WITH done AS MATERIALIZED (
    SELECT coalesce(once($1::bigint, $10::text, $11::text),
        once_keep($1::bigint, $10::text, $11::text, $9::text,
            photo_add($1::bigint, $2::bigint, $3::text, $4::text, $5::bigint::integer,
                $6::bigint::integer, $7::bigint, $8::bigint)))
        AS answer
)
SELECT (done.answer).refused, (done.answer).lang, card.*
FROM done, jsonb_to_record((done.answer).card)
    AS card (id bigint, created_at timestamptz, timezone text);
