-- booking_reschedule: an active booking moves to another time, or another member of staff. It keeps
-- its id, length and price; the new time is claimed and the old one freed in one go. A customer may
-- until it begins, but not escape a late fee by it; where the salon wants to approve, it wants to
-- approve anew. The salon's side need not keep notice and horizon.
-- Locks come in their order (storage/schema/README.md), the booking's own last. When it was moved
-- before that lock was had, it is refused as moved, whatever the caller said that she saw: judging
-- anew could ask for the lock of another member out of order, while the ones taken before are still
-- held. What the desk closed meanwhile undoes the call (bookings_lock_staff).
-- in:  actor (a user's id), booking, starts_at, staff (NULL: the same; 0: anybody), version (0:
--      any), request_id
-- out: one row, as bookings_decide. Refused: as there (but for limits and keys), or as
--      booking_reschedule_refused
CREATE OR REPLACE FUNCTION booking_reschedule(p_actor bigint, p_booking bigint,
    p_starts_at timestamptz, p_staff bigint, p_version integer, p_request_id text)
    RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    judged_by CONSTANT pg_snapshot := pg_current_snapshot(); -- or by a later one
    role text := (SELECT u.role FROM accounts_user u WHERE u.id = p_actor);
    b bookings_booking;
    side text;
    wish booking_wish;
BEGIN
    SELECT * INTO b FROM bookings_booking x WHERE x.id = p_booking;
    side := booking_side(p_actor, role, b.staff_id, b.salon_id);
    wish.refused := booking_reschedule_refused(p_actor, role, b, side, p_version);
    IF wish.refused IS NULL THEN
        SELECT x.* INTO wish
        FROM booking_prospects(ARRAY[b.customer_id], ARRAY[b.salon_id], '{1}',
            ARRAY[b.service_id], ARRAY[coalesce(p_staff, b.staff_id)], ARRAY[p_starts_at], b,
            side IS NOT NULL) x;
    END IF;
    IF wish.refused IS NULL THEN
        wish := booking_candidates(wish, b.id);
    END IF;
    IF wish.refused IS NULL THEN
        PERFORM bookings_lock_staff(wish.free || b.staff_id, wish.rooms, judged_by);
        wish := booking_pick_other(wish, b.id);
    END IF;
    IF wish.refused IS NULL THEN
        wish.refused := booking_reschedule_write(b, wish, p_actor, side, p_request_id);
    END IF;
    RETURN QUERY SELECT * FROM booking_answer(wish.refused, p_booking);
END $$;
