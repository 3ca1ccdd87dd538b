-- desk_salon_save: makes or changes a salon (salon_save), once. NULL: as it is.
-- in:  $1 actor, $2 salon (NULL: new), $3 owner int8, $4 name_ar, $5 name_en, $6 city_ar,
--      $7 city_en, $8 address, $9 phone, $10 timezone text, $11 write the position? bool,
--      $12 latitude, $13 longitude float8, $14 grid, $15 notice, $16 horizon int8, $17 auto confirm
--      bool, $18 cut-off, $19 late fee, $20 no-show fee, $21 deposit int8, $22 weekday, $23 opens,
--      $24 closes int8[], $25 salons at most int8, $26 currency of a new one text, $27 language,
--      $28 key, $29 fingerprint text ('': none)
-- out: refused, language of an answer that was kept text, then the columns of desk_salon
WITH done AS MATERIALIZED (
    SELECT coalesce(once($1::bigint, $28::text, $29::text),
        once_keep($1::bigint, $28::text, $29::text, $27::text,
            salon_save($1::bigint, $2::bigint, ($3::bigint, $4::text, $5::text, $6::text, $7::text,
                $8::text, $9::text, $10::text, $11::boolean, $12::float8, $13::float8, $14::bigint,
                $15::bigint, $16::bigint, $17::boolean, $18::bigint, $19::bigint, $20::bigint,
                $21::bigint, $22::bigint[], $23::bigint[], $24::bigint[])::salon_new,
                $25::bigint, $26::text)))
        AS answer
)
SELECT (done.answer).refused, (done.answer).lang, card.*
FROM done, jsonb_populate_record(NULL::desk_salon, (done.answer).card) card;
