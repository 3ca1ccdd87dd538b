-- booking_team: behind the locks: whom of the candidates is free, and how much she has to do that
-- day. Volatile, so that it looks at what is committed when it is called.
-- in:  the wish; moved: the booking that is to move there (NULL: a new one)
-- out: free staff and their loads, the least first (NULL: nobody); stale: holds that have run out
--      are in the way (holds_over says which)
CREATE OR REPLACE FUNCTION booking_team(p booking_wish, moved bigint,
    OUT free bigint[], OUT loads integer[], OUT stale boolean)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg(f.staff ORDER BY f.load, f.staff) FILTER (WHERE f.busy = 0),
        array_agg(f.load ORDER BY f.load, f.staff) FILTER (WHERE f.busy = 0),
        bool_or(f.stale)
    INTO free, loads, stale
    FROM (
        SELECT s.staff, clash.busy, clash.stale, (
            SELECT count(*)::integer FROM bookings_booking b
            WHERE b.staff_id = s.staff AND b.starts_at >= local_instant(p.day, 0, p.timezone)
                AND b.starts_at < local_instant(p.day + 1, 0, p.timezone)
                AND b.status IN ('held', 'pending', 'confirmed')
                AND (b.status <> 'held' OR b.hold_expires_at > now())
                AND b.id IS DISTINCT FROM moved) AS load
        FROM unnest(p.free) AS s (staff)
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE b.status <> 'held' OR b.hold_expires_at > now()) AS busy,
                bool_or(b.status = 'held' AND b.hold_expires_at <= now()) AS stale
            FROM bookings_booking b
            WHERE b.staff_id = s.staff AND b.claimed && p.wanted
                AND b.status IN ('held', 'pending', 'confirmed')
                AND b.id IS DISTINCT FROM moved) clash
    ) f;
END $$;
