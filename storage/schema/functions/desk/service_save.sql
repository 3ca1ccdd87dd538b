-- service_save: makes a service (p_service NULL) or changes one, as salon_save does. Rooms are
-- replaced as a whole.
-- in:  actor (a user's id), salon, service, its columns, rooms, most: active services that a salon
--      may have
-- out: verdict (ok, actor_unknown, forbidden, not_found, room_unknown, too_many), lang, card
CREATE OR REPLACE FUNCTION service_save(p_actor bigint, p_salon bigint, p_service bigint,
    p_name_ar text, p_name_en text, p_duration integer, p_before integer, p_after integer,
    p_price bigint, p_rooms bigint[], p_most bigint, p_asked text, p_key text, p_fingerprint text,
    OUT verdict text, OUT lang text, OUT card desk_service)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
    the bigint := p_service;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        card := jsonb_populate_record(NULL::desk_service, kept);
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    verdict := CASE
        WHEN verdict IS NOT NULL THEN verdict
        WHEN the IS NOT NULL AND NOT EXISTS (
            SELECT FROM catalogue_service v WHERE v.id = the AND v.salon_id = p_salon AND v.active)
            THEN 'not_found'
        WHEN EXISTS (SELECT FROM unnest(p_rooms) AS q (id) WHERE NOT EXISTS (
            SELECT FROM catalogue_room r WHERE r.id = q.id AND r.salon_id = p_salon AND r.active))
            THEN 'room_unknown'
        WHEN the IS NULL AND (SELECT count(*) FROM catalogue_service v
                              WHERE v.salon_id = p_salon AND v.active) >= p_most
            THEN 'too_many' END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    IF the IS NULL THEN
        INSERT INTO catalogue_service (salon_id, name_ar, name_en, duration_minutes, price_amount,
            currency)
        SELECT p_salon, p_name_ar, p_name_en, p_duration, p_price, s.currency
        FROM catalogue_salon s WHERE s.id = p_salon RETURNING id INTO the;
    END IF;
    UPDATE catalogue_service v SET
        name_ar = coalesce(p_name_ar, v.name_ar), name_en = coalesce(p_name_en, v.name_en),
        duration_minutes = coalesce(p_duration, v.duration_minutes),
        buffer_before_minutes = coalesce(p_before, v.buffer_before_minutes),
        buffer_after_minutes = coalesce(p_after, v.buffer_after_minutes),
        price_amount = coalesce(p_price, v.price_amount)
    WHERE v.id = the;
    IF p_rooms IS NOT NULL THEN
        DELETE FROM catalogue_service_room q WHERE q.service_id = the;
        INSERT INTO catalogue_service_room (service_id, room_id)
        SELECT DISTINCT the, r FROM unnest(p_rooms) r;
    END IF;
    SELECT * INTO card FROM desk_service d WHERE d.id = the;
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang, to_jsonb(card));
    verdict := 'ok';
END $$;
