-- staff_exception_remove: takes back time off or extra hours.
-- in:  actor (a user's id), salon, staff, exception
-- out: verdict (ok, actor_unknown, forbidden, not_found), lang
CREATE OR REPLACE FUNCTION staff_exception_remove(p_actor bigint, p_salon bigint, p_staff bigint,
    p_exception bigint, OUT verdict text, OUT lang text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    DELETE FROM catalogue_staff_exception x USING catalogue_staff m
    WHERE x.id = p_exception AND x.staff_id = p_staff
        AND m.id = x.staff_id AND m.salon_id = p_salon AND m.active;
    verdict := CASE WHEN FOUND THEN 'ok' ELSE 'not_found' END;
END $$;
