-- salon_lock_staff: as salon_lock, and no booking is decided there until the transaction ends: the
-- rows of all its staff stay locked too.
-- in:  actor, salon          out: as salon_check
CREATE OR REPLACE FUNCTION salon_lock_staff(p_actor bigint, p_salon bigint) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_lock(p_actor, p_salon);
BEGIN
    IF why IS NULL THEN
        PERFORM FROM catalogue_staff m WHERE m.salon_id = p_salon ORDER BY m.id FOR NO KEY UPDATE;
    END IF;
    RETURN why;
END $$;
