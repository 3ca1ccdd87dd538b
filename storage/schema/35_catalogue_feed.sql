-- The feed of catalogue changes, from which every process learns which salons its cache must
-- forget.
--
-- Each transaction that changes anything a salon shows leaves one row per salon, under its own
-- transaction id. A reader keeps the snapshot of its last look (pg_current_snapshot) and asks for
-- the rows that this snapshot could not see: nothing is missed when transactions commit in another
-- order than they began, and nothing is told twice. No NOTIFY, no sequence, no lock that two
-- writers share; a booking writes nothing here.

CREATE TABLE catalogue_change (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    salon_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (xid, salon_id)
);
CREATE INDEX catalogue_change_at ON catalogue_change (at);

-- Who tells: every table of which a salon's pages are made; the argument is the column that leads
-- to the salon. A table that comes later and shows there brings its own trigger. Reviews need none:
-- the rating that they make is written to the salon. Photos are listed from the table.
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_salon
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_opening
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('salon_id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_service
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('salon_id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_room
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('salon_id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_staff
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('salon_id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_staff_service
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('staff_id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_staff_window
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('staff_id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_staff_exception
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('staff_id');
CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_service_room
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('service_id');

-- Staff are shown by the names of their accounts.
CREATE TRIGGER catalogue_note_change
    AFTER UPDATE OF first_name, last_name, phone_number ON accounts_user
    FOR EACH ROW WHEN ((OLD.first_name, OLD.last_name, OLD.phone_number)
        IS DISTINCT FROM (NEW.first_name, NEW.last_name, NEW.phone_number))
    EXECUTE FUNCTION catalogue_note_change('user_id');
