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

CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON catalogue_salon
    FOR EACH ROW EXECUTE FUNCTION catalogue_note_change('id');

-- Every other table of the catalogue, by the column that leads from it to a salon. A table that comes
-- later brings its own trigger.
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT t.table_name, min(col.column_name::text) FILTER (WHERE col.column_name = 'salon_id') AS salon,
            min(col.column_name::text) FILTER (WHERE col.column_name = 'staff_id') AS staff,
            min(col.column_name::text) FILTER (WHERE col.column_name = 'service_id') AS service
        FROM information_schema.tables t
        JOIN information_schema.columns col USING (table_schema, table_name)
        WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
            AND t.table_name LIKE 'catalogue\_%' AND t.table_name NOT IN ('catalogue_salon', 'catalogue_change')
        GROUP BY t.table_name
    LOOP
        CONTINUE WHEN coalesce(part.salon, part.staff, part.service) IS NULL;
        EXECUTE format('CREATE TRIGGER catalogue_note_change AFTER INSERT OR UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION catalogue_note_change(%L)',
            part.table_name, coalesce(part.salon, part.staff, part.service));
    END LOOP;
END $$;

-- Staff are shown by the names of their accounts.
CREATE TRIGGER catalogue_note_change AFTER UPDATE OF first_name, last_name, phone_number ON accounts_user
    FOR EACH ROW WHEN ((OLD.first_name, OLD.last_name, OLD.phone_number)
        IS DISTINCT FROM (NEW.first_name, NEW.last_name, NEW.phone_number))
    EXECUTE FUNCTION catalogue_note_change('user_id');
