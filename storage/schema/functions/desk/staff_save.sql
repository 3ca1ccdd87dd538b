-- staff_save: takes somebody on by phone number (p_staff NULL; staff_take_on), or changes what a
-- member offers and when. Services and windows are replaced as a whole; NULL leaves them.
-- in:  actor, salon, staff; phone, names: of somebody new; services; windows; most: of a salon
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND, SERVICE_UNKNOWN, and those of staff_take_on),
--      or a desk_staff
CREATE OR REPLACE FUNCTION staff_save(p_actor bigint, p_salon bigint, p_staff bigint, p_phone text,
    p_first_name text, p_last_name text, p_services bigint[], p_weekday bigint[], p_starts bigint[],
    p_ends bigint[], p_most bigint) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_lock(p_actor, p_salon);
    the bigint := p_staff;
BEGIN
    IF why IS NULL AND EXISTS (
        SELECT FROM unnest(p_services) AS q (id) WHERE NOT EXISTS (
            SELECT FROM catalogue_service v
            WHERE v.id = q.id AND v.salon_id = p_salon AND v.active)) THEN
        why := 'SERVICE_UNKNOWN';
    END IF;
    IF why IS NULL AND the IS NULL THEN
        SELECT t.refused, t.staff INTO why, the
        FROM staff_take_on(p_salon, p_phone, p_first_name, p_last_name, p_most) t;
    ELSIF why IS NULL THEN
        why := staff_lock(p_salon, the);
    END IF;
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    IF p_services IS NOT NULL THEN
        DELETE FROM catalogue_staff_service o WHERE o.staff_id = the;
        INSERT INTO catalogue_staff_service (staff_id, service_id)
        SELECT DISTINCT the, v FROM unnest(p_services) v;
    END IF;
    IF p_weekday IS NOT NULL THEN
        DELETE FROM catalogue_staff_window w WHERE w.staff_id = the;
        INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute)
        SELECT the, h.* FROM unnest(p_weekday, p_starts, p_ends) h;
    END IF;
    RETURN granted((SELECT to_jsonb(d) FROM desk_staff d WHERE d.id = the));
END $$;
