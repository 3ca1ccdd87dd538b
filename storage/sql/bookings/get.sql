-- bookings_get: one booking, if the viewer has to do with it. No row: no such viewer.
-- in:  $1 viewer, $2 booking int8          out: as create; the verdict is 'ok' or 'booking_unknown'
SELECT 1, 1, CASE WHEN card.id IS NULL THEN 'booking_unknown' ELSE 'ok' END, u.preferred_language,
    card.*
FROM accounts_user u
LEFT JOIN bookings_shown card ON card.id = $2::bigint
    AND booking_relation(u.id, u.role, card.customer_id, card.staff_id, card.salon_id) IS NOT NULL
WHERE u.id = $1::bigint;
