-- staff_exception_add: time off, or extra hours. Bookings that time off runs into stay as they are:
-- their ids are told, so that somebody cancels or moves them.
-- in:  actor, salon, staff; what; most: that are not over
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND, CATALOGUE_FULL), or id, clashing: at most 100
--      ids, timezone: the salon's
CREATE OR REPLACE FUNCTION staff_exception_add(p_actor bigint, p_salon bigint, p_staff bigint,
    p_kind text, p_starts_at timestamptz, p_ends_at timestamptz, p_note text, p_most bigint)
    RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    -- The lock that bookings of this member take: one is either told here or judged by this.
    why text := coalesce(salon_check(p_actor, p_salon), staff_lock(p_salon, p_staff));
    the bigint;
BEGIN
    IF why IS NULL AND (SELECT count(*) FROM catalogue_staff_exception x
                        WHERE x.staff_id = p_staff AND x.ends_at > now()) >= p_most THEN
        why := 'CATALOGUE_FULL';
    END IF;
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    INSERT INTO catalogue_staff_exception (staff_id, kind, starts_at, ends_at, note)
    VALUES (p_staff, p_kind, p_starts_at, p_ends_at, p_note) RETURNING id INTO the;
    IF p_kind = 'off' THEN
        PERFORM rules_changed(p_salon, p_staff);
    END IF;
    RETURN granted(jsonb_build_object('id', the,
        'timezone', (SELECT s.timezone FROM catalogue_salon s WHERE s.id = p_salon),
        'clashing', ARRAY(
            SELECT b.id FROM bookings_booking b
            WHERE p_kind = 'off' AND b.staff_id = p_staff
                AND b.starts_at < p_ends_at AND b.ends_at > p_starts_at
                AND b.starts_at > p_starts_at - interval '24 hours' AND b.ends_at > now()
                AND b.status IN ('held', 'pending', 'confirmed')
                AND (b.status <> 'held' OR b.hold_expires_at > now())
            ORDER BY b.starts_at, b.id LIMIT 100)));
END $$;
