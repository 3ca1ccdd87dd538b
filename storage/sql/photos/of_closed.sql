-- photos_of_closed: what a salon showed that is closed.
-- in:  $1 salon, $2 limit int8          out: content, kind text
SELECT f.content, f.kind FROM catalogue_photo f JOIN catalogue_salon s ON s.id = f.salon_id
WHERE f.salon_id = $1::bigint AND NOT s.active
ORDER BY f.id LIMIT $2::bigint;
