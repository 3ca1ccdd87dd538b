-- booking_house: behind the locks: which of the rooms that fit is free. Volatile, as booking_team.
-- in:  the wish; moved: the booking that is to move there (NULL: a new one)
-- out: free rooms in ascending ids (NULL: none); stale: holds that have run out are in the way
CREATE OR REPLACE FUNCTION booking_house(p booking_wish, moved bigint,
    OUT free bigint[], OUT stale boolean)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg(s.room ORDER BY s.room) FILTER (WHERE clash.busy = 0),
        bool_or(clash.stale)
    INTO free, stale
    FROM unnest(p.rooms) AS s (room)
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE b.status <> 'held' OR b.hold_expires_at > now()) AS busy,
            bool_or(b.status = 'held' AND b.hold_expires_at <= now()) AS stale
        FROM bookings_booking b
        WHERE b.room_id = s.room AND b.claimed && p.wanted AND b.room_id IS NOT NULL
            AND b.status IN ('held', 'pending', 'confirmed')
            AND b.id IS DISTINCT FROM moved) clash;
END $$;
