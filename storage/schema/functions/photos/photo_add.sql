-- photo_add: a salon shows a photo. The same content again is the same photo, under the id it has.
-- in:  actor, salon; what; most: of a salon
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND, CATALOGUE_FULL), or id, created_at, timezone:
--      the salon's
CREATE OR REPLACE FUNCTION photo_add(p_actor bigint, p_salon bigint, p_content text, p_kind text,
    p_width integer, p_height integer, p_bytes bigint, p_most bigint) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_lock(p_actor, p_salon);
BEGIN
    IF why IS NULL AND (SELECT count(*) FROM catalogue_photo f WHERE f.salon_id = p_salon) >= p_most
        AND NOT EXISTS (SELECT FROM catalogue_photo f
                        WHERE f.salon_id = p_salon AND f.content = p_content) THEN
        why := 'CATALOGUE_FULL';
    END IF;
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    INSERT INTO catalogue_photo (salon_id, content, kind, width, height, bytes)
    VALUES (p_salon, p_content, p_kind, p_width, p_height, p_bytes)
    ON CONFLICT (salon_id, content) DO NOTHING;
    RETURN granted((
        SELECT jsonb_build_object('id', f.id, 'created_at', f.created_at, 'timezone', s.timezone)
        FROM catalogue_photo f JOIN catalogue_salon s ON s.id = f.salon_id
        WHERE f.salon_id = p_salon AND f.content = p_content));
END $$;
