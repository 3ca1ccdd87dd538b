-- booking_move: confirm, complete, no_show, cancel.
--   confirm   customer: her hold, with all of its visit, to pending or confirmed as the policy
--             says; the salon's side: pending to confirmed; the system, when it is paid for: a hold
--             or a pending one, as far as the salon does not want to approve it
--   complete, no_show   the salon's side: a confirmed booking that has begun; a no-show costs the
--             fee
--   cancel    customer: until it begins; a confirmed one later than the cut-off costs the late fee.
--             the salon's side, the system: any active one, for free. A hold goes with all of its
--             visit: it is one hold
-- A move locks the booking's row, so what it saw is what it changes; `version` counts the moves,
-- and one who names the version that she saw is refused when there was another move since. Each
-- move leaves one row in the history, under the version that it made.
-- in:  actor (a user's id; NULL: the system), booking, action, version (0: whatever it is), reason,
--      request_id
-- out: one row, as bookings_decide. Refused: TOKEN_INVALID (no such user), NOT_FOUND, or as
--      booking_move_refused
CREATE OR REPLACE FUNCTION booking_move(p_actor bigint, p_booking bigint, p_action text,
    p_version integer, p_reason text, p_request_id text) RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    role text := CASE WHEN p_actor IS NULL THEN 'system' ELSE
        (SELECT u.role FROM accounts_user u WHERE u.id = p_actor) END;
    b bookings_booking;
    state text;
    side text;
    owner boolean;
    refused text;
BEGIN
    SELECT * INTO b FROM bookings_booking x WHERE x.id = p_booking;
    owner := b.customer_id = p_actor IS TRUE;
    refused := CASE
        WHEN role IS NULL THEN 'TOKEN_INVALID'
        WHEN b.id IS NULL OR NOT owner
            AND booking_side(p_actor, role, b.staff_id, b.salon_id) IS NULL THEN 'NOT_FOUND'
    END;
    IF refused IS NULL THEN
        -- A hold is moved with all of its visit, so all of it is locked, in order. What the row
        -- says by then is what is judged; it may be with another member of staff.
        PERFORM FROM bookings_booking x
        WHERE x.id = p_booking OR p_action IN ('confirm', 'cancel') AND x.visit_id = b.visit_id
        ORDER BY x.id FOR NO KEY UPDATE;
        SELECT * INTO b FROM bookings_booking x WHERE x.id = p_booking;
        side := booking_side(p_actor, role, b.staff_id, b.salon_id);
        state := booking_state(b.status, b.hold_expires_at);
        refused := booking_move_refused(b, state, p_action, p_version, owner, side);
    END IF;
    IF refused IS NULL THEN
        PERFORM booking_move_write(b, state, p_action, p_actor, owner, side, p_reason,
                                   p_request_id);
    END IF;
    RETURN QUERY SELECT * FROM booking_answer(refused, p_booking);
END $$;
