-- booking_reschedule_write: moves the booking, if it still is what it was judged as.
-- in:  the booking as it was judged, the wish, actor, side, request_id: as booking_reschedule
-- out: NULL, or the reason's name: it was moved meanwhile, or was a hold that ran out
CREATE OR REPLACE FUNCTION booking_reschedule_write(b bookings_booking, wish booking_wish,
    p_actor bigint, side text, p_request_id text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    target CONSTANT text := CASE
        WHEN side IS NULL AND b.status = 'confirmed' AND NOT b.auto_confirm THEN 'pending'
        ELSE b.status END;
BEGIN
    UPDATE bookings_booking x SET staff_id = wish.staff_id, room_id = wish.room_id,
        starts_at = wish.starts_at, ends_at = wish.ends_at, claimed = wish.wanted, status = target,
        version = x.version + 1
    WHERE x.id = b.id AND x.version = b.version
        AND (x.status <> 'held' OR x.hold_expires_at > clock_timestamp());
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT FROM bookings_booking x
                                 WHERE x.id = b.id AND x.version = b.version)
            THEN 'BOOKING_TRANSITION' ELSE 'BOOKING_MOVED' END;
    END IF;
    INSERT INTO bookings_history (booking_id, version, actor_id, actor_role, from_status,
        to_status, request_id, from_starts_at, from_staff_id)
    VALUES (b.id, b.version + 1, p_actor, coalesce(side, 'customer'), b.status, target,
        p_request_id, b.starts_at, b.staff_id);
    RETURN NULL;
END $$;
