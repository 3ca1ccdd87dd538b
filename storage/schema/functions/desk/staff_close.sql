-- staff_close: as salon_close, for a member of staff. The account stays, and its role: it may work
-- elsewhere.
-- in:  actor (a user's id), salon, member of staff
-- out: verdict (ok, actor_unknown, forbidden, not_found, has_bookings), lang, busy: active bookings
--      ahead
CREATE OR REPLACE FUNCTION staff_close(p_actor bigint, p_salon bigint, p_staff bigint,
    OUT verdict text, OUT lang text, OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM FROM catalogue_staff m WHERE m.id = p_staff AND m.salon_id = p_salon AND m.active
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        verdict := 'not_found';
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, NULL, p_staff, NULL);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_staff m SET active = false WHERE m.id = p_staff;
    PERFORM rules_changed(p_salon, p_staff);
    verdict := 'ok';
END $$;
