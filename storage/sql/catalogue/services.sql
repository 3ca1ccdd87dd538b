-- catalogue_services: a page of a salon's active services, by id.
-- No row: no such salon. One row of NULLs: it has no (more) services.
-- in:  $1 salon int8, $2 after id int8, $3 limit int8
-- out: id, name_ar, name_en, duration, buffer before, buffer after int2, price_amount int8,
--      currency
SELECT v.id, v.name_ar, v.name_en, v.duration_minutes, v.buffer_before_minutes,
    v.buffer_after_minutes, v.price_amount, v.currency
FROM catalogue_salon s
LEFT JOIN LATERAL (
    SELECT * FROM catalogue_service v
    WHERE v.salon_id = s.id AND v.active AND v.id > $2::bigint
    ORDER BY v.id LIMIT $3::bigint) v ON true
WHERE s.id = $1::bigint AND s.active
ORDER BY v.id;
