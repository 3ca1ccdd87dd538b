-- bookings_history_is_append_only: trigger: refuses to change, delete or empty the history.
-- out: never; restrict_violation
CREATE OR REPLACE FUNCTION bookings_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'bookings_history is append-only' USING ERRCODE = 'restrict_violation';
END $$;
