-- staff_exception_add: time off, or extra hours. Bookings that time off runs into stay as they are:
-- their ids are told, so that somebody cancels or moves them.
-- in:  actor (a user's id), salon, staff, the exception's columns, most: exceptions ahead that a
--      member may have
-- out: verdict (ok, actor_unknown, forbidden, not_found, too_many), lang, id, clashing: at most 100
--      ids, timezone: the salon's
CREATE OR REPLACE FUNCTION staff_exception_add(p_actor bigint, p_salon bigint, p_staff bigint,
    p_kind text, p_starts_at timestamptz, p_ends_at timestamptz, p_note text, p_most bigint,
    p_asked text, p_key text, p_fingerprint text,
    OUT verdict text, OUT lang text, OUT id bigint, OUT clashing bigint[], OUT timezone text)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        id := kept ->> 'id';
        clashing := ARRAY(SELECT c::bigint FROM jsonb_array_elements_text(kept -> 'clashing') c);
        timezone := kept ->> 'timezone';
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    -- The lock that bookings of this member take: one is either told here or judged by the time
    -- off.
    PERFORM FROM catalogue_staff m WHERE m.id = p_staff AND m.salon_id = p_salon AND m.active
    FOR NO KEY UPDATE;
    verdict := CASE WHEN NOT FOUND THEN 'not_found'
        WHEN (SELECT count(*) FROM catalogue_staff_exception x
              WHERE x.staff_id = p_staff AND x.ends_at > now()) >= p_most THEN 'too_many' END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO catalogue_staff_exception AS x (staff_id, kind, starts_at, ends_at, note)
    VALUES (p_staff, p_kind, p_starts_at, p_ends_at, p_note) RETURNING x.id INTO id;
    clashing := ARRAY(
        SELECT b.id FROM bookings_booking b
        WHERE p_kind = 'off' AND b.staff_id = p_staff AND b.starts_at < p_ends_at
            AND b.ends_at > p_starts_at
            AND b.starts_at > p_starts_at - interval '24 hours' AND b.ends_at > now()
            AND b.status IN ('held', 'pending', 'confirmed')
            AND (b.status <> 'held' OR b.hold_expires_at > now())
        ORDER BY b.starts_at, b.id LIMIT 100);
    IF p_kind = 'off' THEN
        PERFORM rules_changed(p_salon, p_staff);
    END IF;
    timezone := (SELECT s.timezone FROM catalogue_salon s WHERE s.id = p_salon);
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang,
        jsonb_build_object('id', id, 'clashing', clashing, 'timezone', timezone));
    verdict := 'ok';
END $$;
