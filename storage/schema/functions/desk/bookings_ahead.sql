-- bookings_ahead: active bookings of a salon that are not over. NULL: of any service, staff, room.
-- Holds that have run out are written off first: one that is just being confirmed is waited for,
-- and counts.
-- in:  salon, and service, staff or room of it (NULL: any)      out: how many
CREATE OR REPLACE FUNCTION bookings_ahead(p_salon bigint, p_service bigint, p_staff bigint,
    p_room bigint)
    RETURNS bigint
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM holds_expire(ARRAY(
        SELECT b.id FROM bookings_booking b
        WHERE b.salon_id = p_salon AND b.starts_at > now() - interval '24 hours'
            AND b.ends_at > now()
            AND b.status = 'held' AND b.hold_expires_at <= now()));
    RETURN (
        SELECT count(*) FROM bookings_booking b
        WHERE b.salon_id = p_salon AND b.starts_at > now() - interval '24 hours'
            AND b.ends_at > now()
            AND b.status IN ('held', 'pending', 'confirmed')
            AND (p_service IS NULL OR b.service_id = p_service)
            AND (p_staff IS NULL OR b.staff_id = p_staff)
            AND (p_room IS NULL OR b.room_id = p_room));
END $$;
