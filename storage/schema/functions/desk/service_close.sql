-- service_close: as salon_close, for a service.
-- in:  actor (a user's id), salon, service
-- out: verdict (ok, actor_unknown, forbidden, not_found, has_bookings), lang, busy: active bookings
--      ahead
CREATE OR REPLACE FUNCTION service_close(p_actor bigint, p_salon bigint, p_service bigint,
    OUT verdict text, OUT lang text, OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_still(p_actor, p_salon) o;
    IF verdict IS NULL AND NOT EXISTS (SELECT FROM catalogue_service v
        WHERE v.id = p_service AND v.salon_id = p_salon AND v.active) THEN
        verdict := 'not_found';
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, p_service, NULL, NULL);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_service v SET active = false WHERE v.id = p_service;
    PERFORM rules_changed(p_salon, NULL);
    verdict := 'ok';
END $$;
