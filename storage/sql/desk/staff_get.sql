-- desk_staff_get: one member of staff as the salon's manager, or she herself, sees her.
-- in:  $1 actor, $2 salon, $3 staff int8          out: refused text, then the columns of desk_staff
SELECT coalesce(f.refused, CASE WHEN d.id IS NULL THEN 'NOT_FOUND' END), d.*
FROM salon_worker_check($1::bigint, $2::bigint) f
LEFT JOIN LATERAL (
    SELECT d.* FROM desk_staff d JOIN catalogue_staff m ON m.id = d.id
    WHERE f.refused IS NULL AND d.id = $3::bigint AND m.salon_id = $2::bigint AND m.active
        AND (f.own IS NULL OR d.id = f.own)) d ON true;
