-- photos_list: a page of a salon's photos, by id. No row: no such salon. NULLs: there are no
-- (more).
-- in:  $1 salon, $2 after id, $3 limit int8
-- out: id int8, content, kind text, width, height int4, bytes int8, created_at, timezone text
SELECT f.id, f.content, f.kind, f.width, f.height, f.bytes, f.created_at, s.timezone
FROM catalogue_salon s
LEFT JOIN LATERAL (
    SELECT * FROM catalogue_photo f WHERE f.salon_id = s.id AND f.id > $2::bigint
    ORDER BY f.id LIMIT $3::bigint) f ON true
WHERE s.id = $1::bigint AND s.active
ORDER BY f.id;
