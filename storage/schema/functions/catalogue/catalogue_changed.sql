-- catalogue_changed: says that a salon looks different from this transaction's commit on. Calling
-- it twice is fine, NULL is nobody.
-- Whoever writes also sweeps: rows are kept for an hour, and no reader trusts its cache for that
-- long without a look (storage/catalogue_cache.h). Rows that another writer is sweeping are left to
-- it.
-- in:  salon (NULL: none)
CREATE OR REPLACE FUNCTION catalogue_changed(salon bigint) RETURNS void LANGUAGE plpgsql AS $$
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
