-- photo_remove: forgets a photo of a salon; its file goes when nobody names it any more.
-- in:  actor, salon, photo
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND), or content, kind of what is gone
CREATE OR REPLACE FUNCTION photo_remove(p_actor bigint, p_salon bigint, p_photo bigint)
    RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_check(p_actor, p_salon);
    card jsonb;
BEGIN
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    DELETE FROM catalogue_photo f WHERE f.id = p_photo AND f.salon_id = p_salon
    RETURNING jsonb_build_object('content', f.content, 'kind', f.kind) INTO card;
    RETURN CASE WHEN FOUND THEN granted(card) ELSE refused('NOT_FOUND') END;
END $$;
