-- service_save: makes a service (p_service NULL), in its salon's currency, or changes one, as
-- salon_save does. Rooms are replaced as a whole.
-- in:  actor, salon, service; what it is to be; rooms: one of which it needs; most: of a salon
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND, ROOM_UNKNOWN, CATALOGUE_FULL), or a
--      desk_service
CREATE OR REPLACE FUNCTION service_save(p_actor bigint, p_salon bigint, p_service bigint,
    p_name_ar text, p_name_en text, p_duration integer, p_before integer, p_after integer,
    p_price bigint, p_rooms bigint[], p_most bigint) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_lock(p_actor, p_salon);
    the bigint := p_service;
BEGIN
    why := CASE
        WHEN why IS NOT NULL THEN why
        WHEN the IS NOT NULL AND NOT EXISTS (
            SELECT FROM catalogue_service v WHERE v.id = the AND v.salon_id = p_salon AND v.active)
            THEN 'NOT_FOUND'
        WHEN EXISTS (SELECT FROM unnest(p_rooms) AS q (id) WHERE NOT EXISTS (
            SELECT FROM catalogue_room r WHERE r.id = q.id AND r.salon_id = p_salon AND r.active))
            THEN 'ROOM_UNKNOWN'
        WHEN the IS NULL AND (SELECT count(*) FROM catalogue_service v
                              WHERE v.salon_id = p_salon AND v.active) >= p_most
            THEN 'CATALOGUE_FULL' END;
    IF why IS NOT NULL THEN
        RETURN refused(why);
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
    RETURN granted((SELECT to_jsonb(d) FROM desk_service d WHERE d.id = the));
END $$;
