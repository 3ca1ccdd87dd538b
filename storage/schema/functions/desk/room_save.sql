-- room_save: makes a room (p_room NULL) or changes one, as salon_save does.
-- in:  actor (a user's id), salon, room, its columns, most: active rooms that a salon may have
-- out: verdict (ok, actor_unknown, forbidden, not_found, too_many), lang, id, name_ar, name_en
CREATE OR REPLACE FUNCTION room_save(p_actor bigint, p_salon bigint, p_room bigint, p_name_ar text,
    p_name_en text, p_most bigint, p_asked text, p_key text, p_fingerprint text, OUT verdict text,
    OUT lang text, OUT id bigint, OUT name_ar text, OUT name_en text)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        id := kept ->> 'id';
        name_ar := kept ->> 'name_ar';
        name_en := kept ->> 'name_en';
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    IF p_room IS NULL AND (SELECT count(*) FROM catalogue_room r
                           WHERE r.salon_id = p_salon AND r.active) >= p_most THEN
        verdict := 'too_many';
        RETURN;
    END IF;
    IF p_room IS NULL THEN
        INSERT INTO catalogue_room AS r (salon_id, name_ar, name_en)
        VALUES (p_salon, p_name_ar, p_name_en)
        RETURNING r.id, r.name_ar, r.name_en INTO id, name_ar, name_en;
        PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang,
            jsonb_build_object('id', id, 'name_ar', name_ar, 'name_en', name_en));
    ELSE
        UPDATE catalogue_room r SET name_ar = coalesce(p_name_ar, r.name_ar),
            name_en = coalesce(p_name_en, r.name_en)
        WHERE r.id = p_room AND r.salon_id = p_salon AND r.active
        RETURNING r.id, r.name_ar, r.name_en INTO id, name_ar, name_en;
    END IF;
    verdict := CASE WHEN id IS NULL THEN 'not_found' ELSE 'ok' END;
END $$;
