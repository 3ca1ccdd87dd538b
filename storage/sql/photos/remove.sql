-- photos_remove: photo_remove.
-- in:  $1 actor, $2 salon, $3 photo int8          out: refused, content, kind text
SELECT (done.answer).refused, card.*
FROM (SELECT photo_remove($1::bigint, $2::bigint, $3::bigint) AS answer OFFSET 0) done,
    jsonb_to_record((done.answer).card) AS card (content text, kind text);
