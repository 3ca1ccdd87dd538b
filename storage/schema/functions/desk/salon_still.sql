-- salon_still: as salon_office_hold, and no booking is decided there until the transaction ends.
-- in:  as salon_office      out: as salon_office
CREATE OR REPLACE FUNCTION salon_still(p_actor bigint, p_salon bigint, OUT verdict text,
    OUT lang text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    IF verdict IS NULL THEN
        PERFORM FROM catalogue_staff m WHERE m.salon_id = p_salon ORDER BY m.id FOR NO KEY UPDATE;
    END IF;
END $$;
