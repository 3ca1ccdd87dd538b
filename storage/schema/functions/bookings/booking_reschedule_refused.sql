-- booking_reschedule_refused: what speaks against moving a booking to another time, whichever it
-- is: the first reason in the order of the code.
-- in:  actor (a user's id) and her role (NULL: no such user), the booking (NULLs: there is none),
--      side: as what the actor belongs to the salon's side (booking_side), version: as
--      booking_reschedule
-- out: the reason's name, or NULL
CREATE OR REPLACE FUNCTION booking_reschedule_refused(p_actor bigint, role text,
    b bookings_booking, side text, p_version integer) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN role IS NULL THEN 'TOKEN_INVALID'
        WHEN b.id IS NULL OR b.customer_id <> p_actor AND side IS NULL THEN 'NOT_FOUND'
        WHEN p_version > 0 AND p_version <> b.version THEN 'BOOKING_MOVED'
        WHEN booking_state(b.status, b.hold_expires_at) NOT IN ('held', 'pending', 'confirmed')
            THEN 'BOOKING_TRANSITION'
        WHEN side IS NULL AND b.starts_at <= now() THEN 'BOOKING_BEGUN'
        WHEN side IS NULL AND b.status = 'confirmed' AND b.late_cancel_fee_amount > 0
            AND now() > b.starts_at - make_interval(mins => b.cancel_cutoff_minutes)
            THEN 'BOOKING_TOO_LATE'
    END;
END $$;
