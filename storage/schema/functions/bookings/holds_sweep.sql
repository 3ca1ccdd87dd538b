-- holds_sweep: writes down which holds have run out. It takes no lock of staff, so it waits for
-- nobody: what somebody is just changing is left to them.
-- in: at most so many in one call      out: how many there were
CREATE OR REPLACE FUNCTION holds_sweep(at_most integer) RETURNS bigint
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN holds_expire(ARRAY(
        SELECT b.id FROM bookings_booking b WHERE b.status = 'held' AND b.hold_expires_at <= now()
        ORDER BY b.hold_expires_at LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED));
END $$;
