-- staff_lock: a member of staff stays as she is, and no booking with her is decided, until the
-- transaction ends.
-- in:  salon, staff
-- out: NULL, or NOT_FOUND: nobody of that id works at that salon
CREATE OR REPLACE FUNCTION staff_lock(p_salon bigint, p_staff bigint) RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM catalogue_staff m WHERE m.id = p_staff AND m.salon_id = p_salon AND m.active
    FOR NO KEY UPDATE;
    RETURN CASE WHEN NOT FOUND THEN 'NOT_FOUND' END;
END $$;
