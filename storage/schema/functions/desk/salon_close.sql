-- salon_close: a salon is no more. What lies in the past stays.
-- in:  actor (a user's id), salon
-- out: verdict (ok, actor_unknown, forbidden, not_found, has_bookings), lang, busy: active bookings
--      ahead
CREATE OR REPLACE FUNCTION salon_close(p_actor bigint, p_salon bigint, OUT verdict text,
    OUT lang text, OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_still(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, NULL, NULL, NULL);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_salon s SET active = false WHERE s.id = p_salon;
    PERFORM rules_changed(p_salon, NULL);
    verdict := 'ok';
END $$;
