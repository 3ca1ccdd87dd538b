-- desk_room_save: makes or changes a room (room_save). NULL: as it is.
-- in:  $1 actor, $2 salon, $3 room (NULL: new) int8, $4 name_ar, $5 name_en text, $6 rooms at most
--      int8, $7 language asked for, $8 key, $9 fingerprint text ('': none)
-- out: verdict, lang text, id int8, name_ar, name_en text
SELECT f.verdict, f.lang, f.id, f.name_ar, f.name_en
FROM room_save($1::bigint, $2::bigint, $3::bigint, $4::text, $5::text, $6::bigint, $7::text,
    $8::text, $9::text) f;
