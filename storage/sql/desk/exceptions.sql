-- desk_exceptions: a page of the time off and extra hours that are not over, by id.
-- in:  $1 actor, $2 salon, $3 staff, $4 after id, $5 limit int8
-- out: refused, timezone text, id int8 (NULL: there are no more), kind text, starts_at, ends_at,
--      note text
SELECT coalesce(f.refused, CASE WHEN m.id IS NULL THEN 'NOT_FOUND' END),
    s.timezone, x.id, x.kind, x.starts_at, x.ends_at, x.note
FROM salon_worker_check($1::bigint, $2::bigint) f
LEFT JOIN catalogue_salon s ON s.id = $2::bigint
LEFT JOIN catalogue_staff m ON f.refused IS NULL AND m.id = $3::bigint AND m.salon_id = $2::bigint
    AND m.active AND (f.own IS NULL OR m.id = f.own)
LEFT JOIN LATERAL (
    SELECT * FROM catalogue_staff_exception x
    WHERE x.staff_id = m.id AND x.ends_at > now() AND x.id > $4::bigint
    ORDER BY x.id LIMIT $5::bigint) x ON true
ORDER BY x.id;
