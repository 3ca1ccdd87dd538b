-- desk_rooms: a page of a salon's rooms, by id. One row of NULLs behind the verdict: there are no
-- (more).
-- in:  $1 actor, $2 salon, $3 after id, $4 limit int8          out: as room_save
SELECT coalesce(f.verdict, 'ok'), f.lang, r.id, r.name_ar, r.name_en
FROM salon_shop_floor($1::bigint, $2::bigint) f
LEFT JOIN LATERAL (
    SELECT * FROM catalogue_room r
    WHERE f.verdict IS NULL AND r.salon_id = $2::bigint AND r.active AND r.id > $3::bigint
    ORDER BY r.id LIMIT $4::bigint) r ON true
ORDER BY r.id;
