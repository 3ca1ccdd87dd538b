-- The feed of catalogue changes, from which every process learns which salons its cache must forget.
--
-- Each transaction that changes anything a salon shows leaves one row per salon, under its own
-- transaction id. A reader keeps the snapshot of its last look (pg_current_snapshot) and asks for the
-- rows that this snapshot could not see: nothing is missed when transactions commit in another order
-- than they began, and nothing is told twice. No NOTIFY, no sequence, no lock that two writers share;
-- a booking writes nothing here.

CREATE TABLE catalogue_change (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    salon_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (xid, salon_id)
);
CREATE INDEX catalogue_change_at ON catalogue_change (at);

-- catalogue_changed: says that a salon looks different from this transaction's commit on. Calling it
-- twice is fine, NULL is nobody.
-- Whoever writes also sweeps: rows are kept for an hour, and no reader trusts its cache for that long
-- without a look (storage/catalogue_cache.h). Rows that another writer is sweeping are left to it.
CREATE FUNCTION catalogue_changed(salon bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF salon IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO catalogue_change (salon_id) VALUES (salon) ON CONFLICT DO NOTHING;
    DELETE FROM catalogue_change c USING (
        SELECT old.xid, old.salon_id FROM catalogue_change old
        WHERE old.at < clock_timestamp() - interval '1 hour'
        ORDER BY old.at LIMIT 100 FOR UPDATE SKIP LOCKED) AS swept
    WHERE c.xid = swept.xid AND c.salon_id = swept.salon_id;
END $$;

-- catalogue_note_change: row trigger of every table of which a salon's pages are made. Its argument is
-- the column that leads to the salon: id (of a salon), salon_id, staff_id, service_id or user_id.
CREATE FUNCTION catalogue_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seen jsonb;
    lead bigint;
BEGIN
    FOREACH seen IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[to_jsonb(NEW)]
        WHEN 'DELETE' THEN ARRAY[to_jsonb(OLD)]
        ELSE ARRAY[to_jsonb(OLD), to_jsonb(NEW)] END
    LOOP
        lead := (seen ->> CASE TG_ARGV[0] WHEN 'user_id' THEN 'id' ELSE TG_ARGV[0] END)::bigint;
        CASE TG_ARGV[0]
        WHEN 'id', 'salon_id' THEN
            PERFORM catalogue_changed(lead);
        WHEN 'staff_id' THEN
            PERFORM catalogue_changed((SELECT s.salon_id FROM catalogue_staff s WHERE s.id = lead));
        WHEN 'service_id' THEN
            PERFORM catalogue_changed((SELECT v.salon_id FROM catalogue_service v WHERE v.id = lead));
        WHEN 'user_id' THEN
            PERFORM catalogue_changed(s.salon_id) FROM catalogue_staff s WHERE s.user_id = lead;
        END CASE;
    END LOOP;
    RETURN NULL;
END $$;

-- A table that comes later and shows on a salon's pages brings its own trigger. Reviews need none: the
-- rating that they make is written to the salon. Photos are listed from the table.
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
CREATE TRIGGER catalogue_note_change AFTER UPDATE OF first_name, last_name, phone_number ON accounts_user
    FOR EACH ROW WHEN ((OLD.first_name, OLD.last_name, OLD.phone_number)
        IS DISTINCT FROM (NEW.first_name, NEW.last_name, NEW.phone_number))
    EXECUTE FUNCTION catalogue_note_change('user_id');
