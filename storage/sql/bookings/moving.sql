-- bookings_moving: what a booking takes along to another time when this user moves it, and whether
-- the user is one of the salon's people. No row: no such booking, or none of the user's business.
-- in:  $1 user, $2 booking int8
-- out: salon, service, staff, room (NULL: none), claim int8; its length and its buffers before and
--      after in minutes int4; the salon's people boolean
SELECT b.salon_id, b.service_id, b.staff_id, b.room_id, b.claim,
    (extract(epoch FROM b.ends_at - b.starts_at) / 60)::integer,
    (extract(epoch FROM b.starts_at - lower(b.claimed)) / 60)::integer,
    (extract(epoch FROM upper(b.claimed) - b.ends_at) / 60)::integer,
    booking_side(u.id, u.role, b.staff_id, b.salon_id) IS NOT NULL
FROM accounts_user u
JOIN bookings_booking b ON b.id = $2::bigint
    AND booking_relation(u.id, u.role, b.customer_id, b.staff_id, b.salon_id) IS NOT NULL
WHERE u.id = $1::bigint;
