-- room_save: makes a room (p_room NULL) or changes one, as salon_save does.
-- in:  actor, salon, room; its names; most: of a salon
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND, CATALOGUE_FULL), or a desk_room
CREATE OR REPLACE FUNCTION room_save(p_actor bigint, p_salon bigint, p_room bigint, p_name_ar text,
    p_name_en text, p_most bigint) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_lock(p_actor, p_salon);
    the bigint;
BEGIN
    IF why IS NULL AND p_room IS NULL AND (SELECT count(*) FROM catalogue_room r
                                           WHERE r.salon_id = p_salon AND r.active) >= p_most THEN
        why := 'CATALOGUE_FULL';
    END IF;
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    IF p_room IS NULL THEN
        INSERT INTO catalogue_room (salon_id, name_ar, name_en)
        VALUES (p_salon, p_name_ar, p_name_en) RETURNING id INTO the;
    ELSE
        UPDATE catalogue_room r SET name_ar = coalesce(p_name_ar, r.name_ar),
            name_en = coalesce(p_name_en, r.name_en)
        WHERE r.id = p_room AND r.salon_id = p_salon AND r.active RETURNING r.id INTO the;
    END IF;
    IF the IS NULL THEN
        RETURN refused('NOT_FOUND');
    END IF;
    RETURN granted((SELECT to_jsonb(d) FROM desk_room d WHERE d.id = the));
END $$;
