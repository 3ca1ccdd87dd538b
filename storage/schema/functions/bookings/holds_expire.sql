-- holds_expire: writes down that holds have run out. One that is just being confirmed is waited
-- for, and then left alone; the caller holds locks of staff by now, and whoever confirms never asks
-- for those.
-- in:  ids      out: how many
CREATE OR REPLACE FUNCTION holds_expire(p_ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    expired bigint;
BEGIN
    WITH over AS (
        SELECT b.id FROM bookings_booking b
        WHERE b.id = ANY (p_ids) AND b.status = 'held' AND b.hold_expires_at <= now()
        ORDER BY b.id FOR NO KEY UPDATE
    ), moved AS (
        UPDATE bookings_booking b SET status = 'expired', version = b.version + 1
        FROM over WHERE b.id = over.id RETURNING b.id, b.version
    ), noted AS (
        INSERT INTO bookings_history (booking_id, version, actor_role, from_status, to_status,
            owed_amount)
        SELECT moved.id, moved.version, 'system', 'held', 'expired', 0 FROM moved
    )
    SELECT count(*) INTO expired FROM moved;
    RETURN expired;
END $$;
