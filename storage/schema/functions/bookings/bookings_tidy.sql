-- bookings_tidy: writes down which holds have run out, and forgets keys of requests whose day is
-- over. It takes no lock of staff, so it waits for nobody: what somebody is just changing is left
-- to them.
-- in:  at most so many of each in one call      out: how many there were
CREATE OR REPLACE FUNCTION bookings_tidy(at_most integer, OUT holds bigint, OUT keys bigint)
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
