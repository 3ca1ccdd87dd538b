-- booking_reschedule: an active booking moves to another time, or another member of staff. It keeps
-- its id, length and price; the new time is claimed and the old one freed in one go. A customer may
-- until it begins, but not escape a late fee by it; where the salon wants to approve, it wants to
-- approve anew. The salon's side need not keep notice and horizon.
-- Locks come in their order (storage/schema/README.md), the booking's own last. When it was moved
-- before that lock was had, the answer is 'moved', whatever the caller said that she saw: judging
-- anew could ask for the lock of another member out of order, while the ones taken before are still
-- held. What the desk closed meanwhile undoes the call, as in bookings_decide.
-- in:  actor, booking, starts_at, staff (NULL: the same; 0: anybody), version (0: any), request_id
-- out: verdict: as bookings_decide's, and booking_unknown, moved, begun, too_late,
--      invalid_transition
CREATE OR REPLACE FUNCTION booking_reschedule(p_actor bigint, p_booking bigint, p_starts_at timestamptz, p_staff bigint,
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
