-- room_close: as salon_close, for a room.
-- in:  actor (a user's id), salon, room
-- out: verdict (ok, actor_unknown, forbidden, not_found, has_bookings), lang, busy: active bookings
--      ahead
CREATE OR REPLACE FUNCTION room_close(p_actor bigint, p_salon bigint, p_room bigint,
    OUT verdict text, OUT lang text, OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_still(p_actor, p_salon) o;
    IF verdict IS NULL AND NOT EXISTS (SELECT FROM catalogue_room r
        WHERE r.id = p_room AND r.salon_id = p_salon AND r.active) THEN
        verdict := 'not_found';
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, NULL, NULL, p_room);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_room r SET active = false WHERE r.id = p_room;
    PERFORM rules_changed(p_salon, NULL);
    verdict := 'ok';
END $$;
