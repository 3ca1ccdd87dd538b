-- desk_rooms: a page of a salon's rooms, by id. One row of NULLs behind the first column: there are
-- no (more).
-- in:  $1 actor, $2 salon, $3 after id, $4 limit int8
-- out: refused text, then the columns of desk_room
SELECT f.refused, r.*
FROM salon_worker_check($1::bigint, $2::bigint) f
LEFT JOIN LATERAL (
    SELECT d.* FROM desk_room d JOIN catalogue_room r ON r.id = d.id
    WHERE f.refused IS NULL AND r.salon_id = $2::bigint AND r.active AND r.id > $3::bigint
    ORDER BY r.id LIMIT $4::bigint) r ON true
ORDER BY r.id;
