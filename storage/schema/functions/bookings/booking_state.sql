-- booking_state: the state of a booking by the database's clock: a hold may have run out a moment
-- ago.
-- in:  status and hold_expires_at of a row that is locked      out: a status
CREATE OR REPLACE FUNCTION booking_state(status text, hold_expires_at timestamptz) RETURNS text
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN CASE WHEN status = 'held' AND hold_expires_at <= clock_timestamp() THEN 'expired'
        ELSE status END;
END $$;
