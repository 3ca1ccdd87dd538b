-- desk_room_save: makes or changes a room (room_save), once. NULL: as it is.
-- in:  $1 actor, $2 salon, $3 room (NULL: new) int8, $4 name_ar, $5 name_en text, $6 rooms at most
--      int8, $7 language, $8 key, $9 fingerprint text ('': none)
-- out: refused, language of an answer that was kept text, then the columns of desk_room
WITH done AS MATERIALIZED (
    SELECT coalesce(once($1::bigint, $8::text, $9::text),
        once_keep($1::bigint, $8::text, $9::text, $7::text,
            room_save($1::bigint, $2::bigint, $3::bigint, $4::text, $5::text, $6::bigint)))
        AS answer
)
SELECT (done.answer).refused, (done.answer).lang, card.*
FROM done, jsonb_populate_record(NULL::desk_room, (done.answer).card) card;
