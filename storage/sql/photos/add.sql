-- photos_add: photo_add, migrations/0030.
-- in:  $1 actor, $2 salon int8, $3 content, $4 kind text, $5 width, $6 height, $7 bytes, $8 at most int8
-- out: verdict, lang text, id int8, created_at timestamptz
SELECT f.verdict, f.lang, f.id, f.created_at
FROM photo_add($1::bigint, $2::bigint, $3::text, $4::text, $5::bigint::integer, $6::bigint::integer,
    $7::bigint, $8::bigint) f;
