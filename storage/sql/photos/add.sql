-- photos_add: photo_add.
-- in:  $1 actor, $2 salon int8, $3 content, $4 kind text, $5 width, $6 height, $7 bytes, $8 at most
--      int8, $9 language asked for, $10 key, $11 fingerprint text ('': none)
-- out: verdict, lang text, id int8, created_at timestamptz, timezone text
SELECT f.verdict, f.lang, f.id, f.created_at, f.timezone
FROM photo_add($1::bigint, $2::bigint, $3::text, $4::text, $5::bigint::integer, $6::bigint::integer,
    $7::bigint, $8::bigint, $9::text, $10::text, $11::text) f;
