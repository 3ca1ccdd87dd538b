-- booking_move_refused: what speaks against a move: the first reason in the order of the code.
-- in:  the booking, whose row is locked; state: of now (booking_state); action, version: as
--      booking_move; owner: it is the actor's own; side: as what the actor belongs to the salon's
--      side (booking_side)
-- out: the reason's name, or NULL
CREATE OR REPLACE FUNCTION booking_move_refused(b bookings_booking, state text, p_action text,
    p_version integer, owner boolean, side text) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    people CONSTANT boolean := side IN ('staff', 'manager', 'admin') IS TRUE;
    paid CONSTANT boolean := side = 'system' IS TRUE;
    begins timestamptz := b.starts_at;
BEGIN
    IF b.visit_id IS NOT NULL AND state = 'held' THEN
        begins := (SELECT min(x.starts_at) FROM bookings_booking x
                   WHERE x.visit_id = b.visit_id AND x.status = 'held');
    END IF;
    RETURN CASE
        WHEN NOT owner AND side IS NULL THEN 'NOT_FOUND'
        WHEN p_action IN ('complete', 'no_show') AND NOT people THEN 'FORBIDDEN'
        WHEN p_version > 0 AND p_version <> b.version THEN 'BOOKING_MOVED'
        ELSE CASE p_action
            WHEN 'confirm' THEN CASE
                WHEN state NOT IN ('held', 'pending') THEN 'BOOKING_TRANSITION'
                WHEN state = 'held' AND NOT (owner OR paid) THEN 'FORBIDDEN'
                WHEN state = 'pending' AND NOT (people OR paid AND b.auto_confirm) THEN 'FORBIDDEN'
                WHEN state = 'held' AND begins <= now() THEN 'BOOKING_BEGUN'
                END
            WHEN 'cancel' THEN CASE
                WHEN state NOT IN ('held', 'pending', 'confirmed') THEN 'BOOKING_TRANSITION'
                WHEN owner AND b.starts_at <= now() THEN 'BOOKING_BEGUN'
                END
            ELSE CASE
                WHEN state <> 'confirmed' THEN 'BOOKING_TRANSITION'
                WHEN b.starts_at > now() THEN 'BOOKING_NOT_BEGUN'
                END
            END
        END;
END $$;
