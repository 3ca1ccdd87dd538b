-- booking_move: confirm, complete, no_show, cancel.
--   confirm   customer: her hold, with all of its visit, to pending or confirmed as the policy
--             says; the salon's side: pending to confirmed
--   complete, no_show   the salon's side: a confirmed booking that has begun; a no-show costs its
--             fee
--   cancel    customer: until it begins; a confirmed one later than the cut-off costs the late fee.
--             the salon's side: any active one, for free. A hold goes with all of its visit: it is
--             one hold
-- A move locks the booking's row, so what it saw is what it changes; `version` counts the moves,
-- and one who names the version that she saw is refused when there was another move since
-- ('moved'). Each move leaves one row in the history, under the version that it made.
-- in:  actor (a user's id), booking, action, version (0: whatever it is), reason, request_id
-- out: verdict: ok, customer_unknown, booking_unknown, moved, forbidden, begun, not_begun,
--      invalid_transition; the booking
CREATE OR REPLACE FUNCTION booking_move(p_actor bigint, p_booking bigint, p_action text, p_version integer,
    p_reason text, p_request_id text) RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    actor record;
    b bookings_booking;
    state text;
    side text;
    owner boolean;
    begins timestamptz;
    target text;
    verdict text;
    fee bigint := 0;
BEGIN
    SELECT u.id, u.role, u.preferred_language AS lang INTO actor FROM accounts_user u WHERE u.id = p_actor;
    IF NOT FOUND THEN
        RETURN QUERY SELECT * FROM booking_answer('customer_unknown', NULL, NULL);
        RETURN;
    END IF;
    SELECT * INTO b FROM bookings_booking x WHERE x.id = p_booking;
    owner := b.customer_id IS NOT DISTINCT FROM p_actor;
    IF b.id IS NULL OR NOT owner AND booking_side(p_actor, actor.role, b.staff_id, b.salon_id) IS NULL THEN
        RETURN QUERY SELECT * FROM booking_answer('booking_unknown', actor.lang, NULL);
        RETURN;
    END IF;
    -- A hold is moved with all of its visit, so all of it is locked, in order. What the row says by
    -- then is what is judged; it may be with another member of staff.
    PERFORM FROM bookings_booking x
    WHERE x.id = p_booking OR p_action IN ('confirm', 'cancel') AND x.visit_id = b.visit_id
    ORDER BY x.id FOR NO KEY UPDATE;
    SELECT * INTO b FROM bookings_booking x WHERE x.id = p_booking;
    side := booking_side(p_actor, actor.role, b.staff_id, b.salon_id);
    state := booking_state(b.status, b.hold_expires_at);
    begins := b.starts_at;
    IF b.visit_id IS NOT NULL AND state = 'held' THEN
        begins := (SELECT min(x.starts_at) FROM bookings_booking x
                   WHERE x.visit_id = b.visit_id AND x.status = 'held');
    END IF;

    verdict := CASE
        WHEN NOT owner AND side IS NULL THEN 'booking_unknown'
        WHEN p_action IN ('complete', 'no_show') AND side IS NULL THEN 'forbidden'
        WHEN p_version > 0 AND p_version <> b.version THEN 'moved'
        ELSE CASE p_action
            WHEN 'confirm' THEN CASE
                WHEN state NOT IN ('held', 'pending') THEN 'invalid_transition'
                WHEN state = 'held' AND NOT owner OR state = 'pending' AND side IS NULL THEN 'forbidden'
                WHEN state = 'held' AND begins <= now() THEN 'begun'
                ELSE 'ok' END
            WHEN 'cancel' THEN CASE
                WHEN state NOT IN ('held', 'pending', 'confirmed') THEN 'invalid_transition'
                WHEN owner AND b.starts_at <= now() THEN 'begun'
                ELSE 'ok' END
            ELSE CASE
                WHEN state <> 'confirmed' THEN 'invalid_transition'
                WHEN b.starts_at > now() THEN 'not_begun'
                ELSE 'ok' END
            END
        END;
    IF verdict <> 'ok' THEN
        RETURN QUERY SELECT * FROM booking_answer(verdict, actor.lang, NULL);
        RETURN;
    END IF;

    target := CASE p_action
        WHEN 'confirm' THEN CASE
            WHEN state = 'held' AND NOT (b.auto_confirm AND b.deposit_amount = 0) THEN 'pending'
            ELSE 'confirmed' END
        WHEN 'cancel' THEN 'cancelled'
        WHEN 'complete' THEN 'completed'
        ELSE p_action
    END;
    IF p_action = 'no_show' THEN
        fee := b.no_show_fee_amount;
    ELSIF p_action = 'cancel' AND owner AND state = 'confirmed'
        AND now() > b.starts_at - make_interval(mins => b.cancel_cutoff_minutes) THEN
        fee := b.late_cancel_fee_amount;
    END IF;
    WITH moved AS (
        UPDATE bookings_booking x SET status = target, version = x.version + 1, fee_amount = fee,
            hold_expires_at = CASE WHEN p_action <> 'confirm' THEN x.hold_expires_at END,
            cancelled_by = CASE WHEN p_action = 'cancel' THEN CASE WHEN owner THEN 'customer' ELSE side END END,
            reason = CASE WHEN p_action IN ('cancel', 'no_show') THEN p_reason ELSE x.reason END
        WHERE x.id = p_booking OR state = 'held' AND x.visit_id = b.visit_id AND x.status = 'held'
            AND x.hold_expires_at > now()
        RETURNING x.id, x.version, x.price_amount
    )
    INSERT INTO bookings_history (booking_id, version, actor_id, actor_role, from_status, to_status,
        request_id, note, owed_amount)
    SELECT moved.id, moved.version, p_actor,
        CASE WHEN owner AND (side IS NULL OR p_action = 'cancel' OR state = 'held') THEN 'customer' ELSE side END,
        state, target, p_request_id, p_reason,
        CASE target WHEN 'completed' THEN moved.price_amount WHEN 'cancelled' THEN fee WHEN 'no_show' THEN fee END
    FROM moved;
    RETURN QUERY SELECT * FROM booking_answer('ok', actor.lang, ARRAY[p_booking]);
END $$;
