-- booking_candidates: for a service that anybody may do: who could.
-- in:  p: the service wanted; moved: the booking that is to move there, not in its own way (NULL: a
--      new one)
-- out: verdict (NULL: somebody can); free, in no order
CREATE OR REPLACE FUNCTION booking_candidates(p booking_prospect, moved bigint, OUT verdict text,
    OUT free bigint[])
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    offering bigint;
    working bigint;
    there bigint;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE f.works), count(*) FILTER (WHERE f.works AND NOT f.off),
        array_agg(s.id) FILTER (WHERE f.works AND NOT f.off AND NOT EXISTS (
            SELECT FROM bookings_booking b
            WHERE b.staff_id = s.id AND b.claimed && p.wanted
                AND b.status IN ('held', 'pending', 'confirmed')
                AND (b.status <> 'held' OR b.hold_expires_at > now())
                AND b.id IS DISTINCT FROM moved))
    INTO offering, working, there, free
    FROM catalogue_staff_service o
    JOIN catalogue_staff s ON s.id = o.staff_id AND s.salon_id = p.salon_id AND s.active,
        LATERAL staff_fitness(s.id, p.day, p.timezone, tstzrange(p.starts_at, p.ends_at)) f
    WHERE o.service_id = p.service_id;
    verdict := CASE
        WHEN offering = 0 THEN 'nobody_offers'
        WHEN working = 0 THEN 'outside_windows'
        WHEN there = 0 THEN 'staff_off'
        WHEN free IS NULL THEN 'slot_taken'
    END;
END $$;
