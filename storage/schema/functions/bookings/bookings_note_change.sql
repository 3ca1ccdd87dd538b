-- bookings_note_change: trigger: notes which transaction wrote a booking last, and whose it was
-- before.
-- out: the row to be written
CREATE OR REPLACE FUNCTION bookings_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_xid := pg_current_xact_id();
    IF NEW.staff_id <> OLD.staff_id AND OLD.staff_id = ANY (NEW.former_staff) IS NOT TRUE THEN
        NEW.former_staff := NEW.former_staff || OLD.staff_id;
    END IF;
    RETURN NEW;
END $$;
