-- salon_office_hold: as salon_office, and whoever may goes on alone: the salon's row stays locked.
-- in:  as salon_office      out: as salon_office
CREATE OR REPLACE FUNCTION salon_office_hold(p_actor bigint, p_salon bigint, OUT verdict text,
    OUT lang text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NULL THEN
        PERFORM FROM catalogue_salon s WHERE s.id = p_salon AND s.active FOR NO KEY UPDATE;
        verdict := CASE WHEN NOT FOUND THEN 'not_found' END;
    END IF;
END $$;
