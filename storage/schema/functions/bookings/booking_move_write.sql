-- booking_move_write: makes a move that nothing speaks against, of a hold with all of its visit.
-- in:  the booking, whose row is locked; state: of now; action, actor, reason, request_id: as
--      booking_move; owner, side: as booking_move_refused
CREATE OR REPLACE FUNCTION booking_move_write(b bookings_booking, state text, p_action text,
    p_actor bigint, owner boolean, side text, p_reason text, p_request_id text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    target CONSTANT text := CASE p_action
        WHEN 'cancel' THEN 'cancelled'
        WHEN 'complete' THEN 'completed'
        WHEN 'no_show' THEN 'no_show'
        -- Of a hold the deposit is still to come, unless the system says that it is paid for.
        ELSE CASE WHEN state = 'held' AND NOT (b.auto_confirm AND
                      (b.deposit_amount = 0 OR side = 'system' IS TRUE)) THEN 'pending'
             ELSE 'confirmed' END
        END;
    fee CONSTANT bigint := CASE
        WHEN p_action = 'no_show' THEN b.no_show_fee_amount
        WHEN p_action = 'cancel' AND owner AND state = 'confirmed'
            AND now() > b.starts_at - make_interval(mins => b.cancel_cutoff_minutes)
            THEN b.late_cancel_fee_amount
        ELSE 0 END;
BEGIN
    WITH moved AS (
        UPDATE bookings_booking x SET status = target, version = x.version + 1, fee_amount = fee,
            hold_expires_at = CASE WHEN p_action <> 'confirm' THEN x.hold_expires_at END,
            cancelled_by = CASE WHEN p_action = 'cancel' THEN
                CASE WHEN owner THEN 'customer' ELSE side END END,
            reason = CASE WHEN p_action IN ('cancel', 'no_show') THEN p_reason ELSE x.reason END
        WHERE x.id = b.id OR state = 'held' AND x.visit_id = b.visit_id AND x.status = 'held'
            AND x.hold_expires_at > now()
        RETURNING x.id, x.version, x.price_amount
    )
    INSERT INTO bookings_history (booking_id, version, actor_id, actor_role, from_status,
        to_status, request_id, note, owed_amount)
    SELECT moved.id, moved.version, p_actor, CASE
            WHEN owner AND (side IS NULL OR p_action = 'cancel' OR state = 'held') THEN 'customer'
            ELSE side END,
        state, target, p_request_id, p_reason, CASE target
            WHEN 'completed' THEN moved.price_amount
            WHEN 'cancelled' THEN fee
            WHEN 'no_show' THEN fee END
    FROM moved;
END $$;
