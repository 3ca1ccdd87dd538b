-- bookings_get: one booking, if the viewer has to do with it.
-- in:  $1 viewer, $2 booking int8      out: one row, as create; refused: TOKEN_INVALID, NOT_FOUND
SELECT 1, 1, CASE WHEN u.id IS NULL THEN 'TOKEN_INVALID' WHEN card.id IS NULL THEN 'NOT_FOUND' END,
    NULL::text, card.*
FROM (SELECT) one
LEFT JOIN accounts_user u ON u.id = $1::bigint
LEFT JOIN bookings_shown card ON card.id = $2::bigint
    AND booking_relation(u.id, u.role, card.customer_id, card.staff_id, card.salon_id) IS NOT NULL;
