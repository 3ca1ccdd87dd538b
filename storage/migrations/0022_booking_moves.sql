-- What becomes of a booking: who may move it from which state to which, and what that costs.
--
--  held ---> pending ---> confirmed ---> completed | no_show
--    \-> expired   \          \
--     \-------------\----------\-------> cancelled            active: held, pending, confirmed
--
-- A move locks the booking's row, so what it saw is what it changes; `version` counts the moves, and one
-- who names the version that she saw is refused when there was another move since ('moved'). Each move
-- leaves one row in the history, under the version that it made. Locks: see 0021.

-- booking_relation: as in 0012, but those who work there are staff of a booking only as long as they do:
-- who was let go, or whose salon is closed, has nothing more to do with it. The owner of a closed salon has:
-- somebody must say what became of its last bookings.
CREATE OR REPLACE FUNCTION booking_relation(viewer bigint, viewer_role text, customer bigint, staff bigint,
    salon bigint) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN customer = viewer THEN 'customer'
        WHEN viewer_role = 'customer' THEN NULL
        WHEN EXISTS (SELECT FROM catalogue_staff m JOIN catalogue_salon s ON s.id = m.salon_id AND s.active
                     WHERE m.id = staff AND m.user_id = viewer AND m.active) THEN 'staff'
        WHEN viewer_role = 'admin' THEN 'admin'
        WHEN viewer_role = 'manager'
            AND EXISTS (SELECT FROM catalogue_salon s WHERE s.id = salon AND s.owner_id = viewer) THEN 'manager'
    END;
END $$;

-- booking_side: as what a user belongs to the salon's side of a booking; NULL: not at all.
CREATE FUNCTION booking_side(viewer bigint, viewer_role text, staff bigint, salon bigint) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN booking_relation(viewer, viewer_role, NULL, staff, salon);
END $$;

-- booking_state: the state of a booking by the database's clock: a hold may have run out a moment ago.
CREATE FUNCTION booking_state(status text, hold_expires_at timestamptz) RETURNS text
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN CASE WHEN status = 'held' AND hold_expires_at <= clock_timestamp() THEN 'expired' ELSE status END;
END $$;

-- booking_answer: rows of an answer: a refusal, or the bookings as they are now.
CREATE FUNCTION booking_answer(verdict text, lang text, bookings bigint[]) RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    row booking_decision;
BEGIN
    IF verdict <> 'ok' THEN
        row.verdict := verdict;
        row.lang := lang;
        RETURN NEXT row;
        RETURN;
    END IF;
    RETURN QUERY SELECT 1, 1, verdict, lang, s.* FROM bookings_shown s WHERE s.id = ANY (bookings) ORDER BY s.id;
END $$;

-- booking_move: confirm, complete, no_show, cancel.
--   confirm   customer: her hold, with all of its visit, to pending or confirmed as the policy says;
--             the salon's side: pending to confirmed
--   complete, no_show   the salon's side: a confirmed booking that has begun; a no-show costs the fee
--   cancel    customer: until it begins; a confirmed one later than the cut-off costs the late fee.
--             the salon's side: any active one, for free. A hold goes with all of its visit: it is one hold
-- in:  actor (a user's id), booking, action, version (0: whatever it is), reason, request_id
-- out: verdict: ok, customer_unknown, booking_unknown, moved, forbidden, begun, not_begun,
--      invalid_transition; the booking
CREATE FUNCTION booking_move(p_actor bigint, p_booking bigint, p_action text, p_version integer,
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
    -- A hold is moved with all of its visit, so all of it is locked, in order. What the row says by then
    -- is what is judged; it may be with another member of staff.
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

-- booking_reschedule: an active booking moves to another time, or another member of staff. It keeps its
-- id, length and price; the new time is claimed and the old one freed in one go. A customer may until it
-- begins, but not escape a late fee by it; where the salon wants to approve, it wants to approve anew.
-- The salon's side need not keep notice and horizon.
-- Locks come in the order of 0021, the booking's own last. When it was moved before that lock was had, the
-- answer is 'moved', whatever the caller said that she saw: judging anew could ask for the lock of another
-- member out of order, while the ones taken before are still held. What the desk closed meanwhile undoes
-- the call, as in 0021.
-- in:  actor, booking, starts_at, staff (NULL: the same; 0: anybody), version (0: any), request_id
-- out: verdict: as bookings_decide's, and booking_unknown, moved, begun, too_late, invalid_transition
CREATE FUNCTION booking_reschedule(p_actor bigint, p_booking bigint, p_starts_at timestamptz, p_staff bigint,
    p_version integer, p_request_id text) RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    judged_by CONSTANT pg_snapshot := pg_current_snapshot(); -- or by a later one
    changed integer;
    actor record;
    b bookings_booking;
    p booking_prospect;
    side text;
    owner boolean;
    verdict text;
    team record;
    house record;
    target text;
BEGIN
    SELECT u.id, u.role, u.preferred_language AS lang INTO actor FROM accounts_user u WHERE u.id = p_actor;
    IF NOT FOUND THEN
        RETURN QUERY SELECT * FROM booking_answer('customer_unknown', NULL, NULL);
        RETURN;
    END IF;
    SELECT * INTO b FROM bookings_booking x WHERE x.id = p_booking;
    owner := b.customer_id IS NOT DISTINCT FROM p_actor;
    side := booking_side(p_actor, actor.role, b.staff_id, b.salon_id);
    verdict := CASE
        WHEN b.id IS NULL OR NOT owner AND side IS NULL THEN 'booking_unknown'
        WHEN p_version > 0 AND p_version <> b.version THEN 'moved'
        WHEN booking_state(b.status, b.hold_expires_at) NOT IN ('held', 'pending', 'confirmed')
            THEN 'invalid_transition'
        WHEN side IS NULL AND b.starts_at <= now() THEN 'begun'
        WHEN side IS NULL AND b.status = 'confirmed' AND b.late_cancel_fee_amount > 0
            AND now() > b.starts_at - make_interval(mins => b.cancel_cutoff_minutes) THEN 'too_late'
    END;
    IF verdict IS NULL THEN
        SELECT x.* INTO p
        FROM booking_prospects(ARRAY[b.customer_id], ARRAY[b.salon_id], '{1}', ARRAY[b.service_id],
            ARRAY[coalesce(p_staff, b.staff_id)], ARRAY[p_starts_at], b, side IS NOT NULL) x;
        verdict := p.verdict;
    END IF;
    IF verdict IS NULL AND p.anybody THEN
        SELECT x.verdict, x.free INTO team FROM booking_candidates(p, b.id) x;
        verdict := team.verdict;
        p.free := team.free;
    END IF;
    IF verdict IS NULL AND p.rooms = '{}' THEN
        verdict := 'nobody_offers';
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN QUERY SELECT * FROM booking_answer(verdict, actor.lang, NULL);
        RETURN;
    END IF;

    WITH held AS MATERIALIZED (
        SELECT s.rules_xid FROM catalogue_staff s WHERE s.id = ANY (p.free || b.staff_id)
        ORDER BY s.id FOR NO KEY UPDATE
    )
    SELECT count(*) INTO changed FROM held WHERE NOT pg_visible_in_snapshot(held.rules_xid, judged_by);
    IF changed > 0 THEN
        RAISE EXCEPTION 'judged by what is no more' USING ERRCODE = 'serialization_failure';
    END IF;
    PERFORM FROM catalogue_room r WHERE r.id = ANY (p.rooms) ORDER BY r.id FOR NO KEY UPDATE;
    PERFORM holds_expire(holds_over(p.free, p.rooms, p.wanted, b.id));
    SELECT * INTO team FROM booking_team(p, b.id);
    SELECT * INTO house FROM booking_house(p, b.id);
    IF team.free IS NULL OR p.rooms IS NOT NULL AND house.free IS NULL THEN
        RETURN QUERY SELECT * FROM booking_answer('slot_taken', actor.lang, NULL);
        RETURN;
    END IF;
    target := CASE WHEN side IS NULL AND b.status = 'confirmed' AND NOT b.auto_confirm
        THEN 'pending' ELSE b.status END;
    UPDATE bookings_booking x SET staff_id = team.free[1], room_id = house.free[1], starts_at = p.starts_at,
        ends_at = p.ends_at, claimed = p.wanted, status = target, version = x.version + 1
    WHERE x.id = p_booking AND x.version = b.version
        AND (x.status <> 'held' OR x.hold_expires_at > clock_timestamp());
    IF NOT FOUND THEN
        verdict := CASE WHEN EXISTS (SELECT FROM bookings_booking x
                                     WHERE x.id = p_booking AND x.version = b.version)
            THEN 'invalid_transition' ELSE 'moved' END; -- the hold ran out while it waited
        RETURN QUERY SELECT * FROM booking_answer(verdict, actor.lang, NULL);
        RETURN;
    END IF;
    INSERT INTO bookings_history (booking_id, version, actor_id, actor_role, from_status, to_status,
        request_id, from_starts_at, from_staff_id)
    VALUES (p_booking, b.version + 1, p_actor, coalesce(side, 'customer'), b.status, target, p_request_id,
        b.starts_at, b.staff_id);
    RETURN QUERY SELECT * FROM booking_answer('ok', actor.lang, ARRAY[p_booking]);
END $$;

-- bookings_tidy: writes down which holds have run out, and forgets keys of requests whose day is over. It
-- takes no lock of staff, so it waits for nobody: what somebody is just changing is left to them.
-- in: at most so many of each in one call      out: how many there were
CREATE FUNCTION bookings_tidy(at_most integer, OUT holds bigint, OUT keys bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    holds := holds_expire(ARRAY(
        SELECT b.id FROM bookings_booking b WHERE b.status = 'held' AND b.hold_expires_at <= now()
        ORDER BY b.hold_expires_at LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED));
    DELETE FROM idempotency_key k USING (
        SELECT o.caller_id, o.key FROM idempotency_key o WHERE o.expires_at <= now()
        ORDER BY o.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED) over
    WHERE k.caller_id = over.caller_id AND k.key = over.key;
    GET DIAGNOSTICS keys = ROW_COUNT;
END $$;
