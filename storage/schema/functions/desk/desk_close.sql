-- desk_close: a salon, or one service, room or member of staff of it, is no more. What lies in the
-- past stays, and so does an account that worked there, with its role: it may work elsewhere.
-- A salon's photos leave with it (the work photos.closed).
-- in:  actor, salon; of service, staff and room one, or none: the salon itself; the request's id
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND; CATALOGUE_IN_USE, with the number of active
--      bookings ahead as its card), or an empty card
CREATE OR REPLACE FUNCTION desk_close(p_actor bigint, p_salon bigint, p_service bigint,
    p_staff bigint, p_room bigint, p_request_id text DEFAULT '') RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text;
    ahead bigint;
BEGIN
    IF p_staff IS NULL THEN
        why := salon_lock_staff(p_actor, p_salon);
    ELSE
        why := coalesce(salon_check(p_actor, p_salon), staff_lock(p_salon, p_staff));
    END IF;
    IF why IS NULL AND (p_service IS NOT NULL AND NOT EXISTS (
            SELECT FROM catalogue_service v
            WHERE v.id = p_service AND v.salon_id = p_salon AND v.active)
        OR p_room IS NOT NULL AND NOT EXISTS (
            SELECT FROM catalogue_room r
            WHERE r.id = p_room AND r.salon_id = p_salon AND r.active)) THEN
        why := 'NOT_FOUND';
    END IF;
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    ahead := bookings_ahead(p_salon, p_service, p_staff, p_room);
    IF ahead > 0 THEN
        RETURN refused('CATALOGUE_IN_USE', to_jsonb(ahead));
    END IF;
    UPDATE catalogue_service v SET active = false WHERE v.id = p_service;
    UPDATE catalogue_staff m SET active = false WHERE m.id = p_staff;
    UPDATE catalogue_room r SET active = false WHERE r.id = p_room;
    IF p_service IS NULL AND p_staff IS NULL AND p_room IS NULL THEN
        UPDATE catalogue_salon s SET active = false WHERE s.id = p_salon;
        PERFORM work_add('photos.closed', p_salon, 'files', now(), p_request_id)
        WHERE EXISTS (SELECT FROM catalogue_photo f WHERE f.salon_id = p_salon);
    END IF;
    PERFORM rules_changed(p_salon, p_staff);
    RETURN granted();
END $$;
