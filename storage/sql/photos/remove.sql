-- photos_remove: photo_remove.
-- in:  $1 actor, $2 salon, $3 photo int8          out: verdict, lang, content, kind text
SELECT f.verdict, f.lang, f.content, f.kind FROM photo_remove($1::bigint, $2::bigint, $3::bigint) f;
