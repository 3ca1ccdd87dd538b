-- hold_or_expired: the state of a booking as people see it: a hold that has run out is expired even
-- while nobody has written that down yet. The database's clock decides.
-- in:  status and hold_expires_at of a booking      out: a status
CREATE OR REPLACE FUNCTION hold_or_expired(status text, hold_expires_at timestamptz) RETURNS text
    LANGUAGE sql STABLE
RETURN CASE WHEN status = 'held' AND hold_expires_at <= now() THEN 'expired' ELSE status END;
