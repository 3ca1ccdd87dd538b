-- photo_remove: forgets a photo of a salon; its file goes when nobody names it any more.
-- in:  actor (a user's id), salon, photo
-- out: verdict (ok, actor_unknown, forbidden, not_found), lang, content, kind of what is gone
CREATE OR REPLACE FUNCTION photo_remove(p_actor bigint, p_salon bigint, p_photo bigint,
    OUT verdict text, OUT lang text, OUT content text, OUT kind text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    DELETE FROM catalogue_photo f WHERE f.id = p_photo AND f.salon_id = p_salon
    RETURNING f.content, f.kind INTO content, kind;
    verdict := CASE WHEN content IS NULL THEN 'not_found' ELSE 'ok' END;
END $$;
