-- staff_exception_remove: takes back time off or extra hours.
-- in:  actor, salon, staff, exception
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND), or an empty card
CREATE OR REPLACE FUNCTION staff_exception_remove(p_actor bigint, p_salon bigint, p_staff bigint,
    p_exception bigint) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_check(p_actor, p_salon);
BEGIN
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    DELETE FROM catalogue_staff_exception x USING catalogue_staff m
    WHERE x.id = p_exception AND x.staff_id = p_staff AND m.id = x.staff_id
        AND m.salon_id = p_salon AND m.active;
    RETURN CASE WHEN FOUND THEN granted() ELSE refused('NOT_FOUND') END;
END $$;
