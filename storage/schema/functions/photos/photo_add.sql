-- photo_add: a salon shows a photo. The same content again is the same photo, under the id it has.
-- in:  actor (a user's id), salon, the photo's columns, most: photos that a salon may have
-- out: verdict (ok, actor_unknown, forbidden, not_found, too_many), lang, id, created_at, timezone:
--      the salon's
CREATE OR REPLACE FUNCTION photo_add(p_actor bigint, p_salon bigint, p_content text, p_kind text,
    p_width integer, p_height integer, p_bytes bigint, p_most bigint, p_asked text, p_key text,
    p_fingerprint text, OUT verdict text, OUT lang text, OUT id bigint, OUT created_at timestamptz,
    OUT timezone text)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        id := kept ->> 'id';
        created_at := kept ->> 'created_at';
        timezone := kept ->> 'timezone';
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT f.id, f.created_at INTO id, created_at FROM catalogue_photo f
    WHERE f.salon_id = p_salon AND f.content = p_content;
    IF id IS NULL THEN
        IF (SELECT count(*) FROM catalogue_photo f WHERE f.salon_id = p_salon) >= p_most THEN
            verdict := 'too_many';
            RETURN;
        END IF;
        INSERT INTO catalogue_photo AS f (salon_id, content, kind, width, height, bytes)
        VALUES (p_salon, p_content, p_kind, p_width, p_height, p_bytes)
        RETURNING f.id, f.created_at INTO id, created_at;
    END IF;
    timezone := (SELECT s.timezone FROM catalogue_salon s WHERE s.id = p_salon);
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang,
        jsonb_build_object('id', id, 'created_at', created_at, 'timezone', timezone));
    verdict := 'ok';
END $$;
