-- salon_lock: as salon_check, and whoever may goes on alone: the salon's row stays locked.
-- in:  actor, salon          out: as salon_check
CREATE OR REPLACE FUNCTION salon_lock(p_actor bigint, p_salon bigint) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_check(p_actor, p_salon);
BEGIN
    IF why IS NULL THEN
        PERFORM FROM catalogue_salon s WHERE s.id = p_salon AND s.active FOR NO KEY UPDATE;
        why := CASE WHEN NOT FOUND THEN 'NOT_FOUND' END;
    END IF;
    RETURN why;
END $$;
