-- Whose claims changed, told as the feed of the catalogue is (0040): by the transaction that did it.
--
-- Every booking bears the transaction that wrote it last, so a look at the feed is a look at the end of
-- an index: no other row is written, nothing has to be swept, and bookings wait for nobody. Who keeps
-- claims in memory looks before each answer and reads again only those of whom the feed tells.

ALTER TABLE bookings_booking
    ADD COLUMN changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN former_staff bigint[]; -- whose it was before it was moved; NULL: nobody else's
CREATE INDEX bookings_changed ON bookings_booking (changed_xid);

CREATE FUNCTION bookings_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_xid := pg_current_xact_id();
    IF NEW.staff_id <> OLD.staff_id AND OLD.staff_id = ANY (NEW.former_staff) IS NOT TRUE THEN
        NEW.former_staff := NEW.former_staff || OLD.staff_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bookings_note_change BEFORE UPDATE ON bookings_booking
    FOR EACH ROW EXECUTE FUNCTION bookings_note_change();
