-- reviews_add: review_add.
-- in:  $1 actor, $2 salon, $3 booking, $4 rating int8, $5 comment, $6 language asked for, $7 key,
--      $8 fingerprint text
-- out: verdict, lang text, then id int8, author, rating int4, comment, created_at, service_name_ar,
--      service_name_en, timezone text
SELECT f.verdict, f.lang, f.id, f.author, f.rating, f.comment, f.created_at, f.service_name_ar,
    f.service_name_en, f.timezone
FROM review_add($1::bigint, $2::bigint, $3::bigint, $4::bigint::integer, $5::text, $6::text,
    $7::text, $8::text) f;
