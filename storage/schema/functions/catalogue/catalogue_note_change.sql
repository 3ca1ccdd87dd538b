-- catalogue_note_change: row trigger of every table of which a salon's pages are made. Its argument
-- is the column that leads to the salon: id (of a salon), salon_id, staff_id, service_id or
-- user_id.
-- out: nothing (the row is written by then)
CREATE OR REPLACE FUNCTION catalogue_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
            PERFORM catalogue_changed(
                (SELECT v.salon_id FROM catalogue_service v WHERE v.id = lead));
        WHEN 'user_id' THEN
            PERFORM catalogue_changed(s.salon_id) FROM catalogue_staff s WHERE s.user_id = lead;
        END CASE;
    END LOOP;
    RETURN NULL;
END $$;
