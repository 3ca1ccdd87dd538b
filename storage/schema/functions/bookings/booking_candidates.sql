-- booking_candidates: goes on where booking_prospects could not: who could do a service that
-- anybody may do, and whether there is a room at all.
-- in:  the wish; moved: the booking that is to move there (NULL: a new one)
-- out: the wish, with `free` in no order, or refused
CREATE OR REPLACE FUNCTION booking_candidates(wish booking_wish, moved bigint) RETURNS booking_wish
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    found record;
BEGIN
    IF wish.anybody THEN
        SELECT count(*) AS offering, count(*) FILTER (WHERE f.works) AS working,
            count(*) FILTER (WHERE f.works AND NOT f.off) AS there,
            array_agg(s.id) FILTER (WHERE f.works AND NOT f.off AND NOT EXISTS (
                SELECT FROM bookings_booking b
                WHERE b.staff_id = s.id AND b.claimed && wish.wanted
                    AND b.status IN ('held', 'pending', 'confirmed')
                    AND (b.status <> 'held' OR b.hold_expires_at > now())
                    AND b.id IS DISTINCT FROM moved)) AS free
        INTO found
        FROM catalogue_staff_service o
        JOIN catalogue_staff s ON s.id = o.staff_id AND s.salon_id = wish.salon_id AND s.active,
            LATERAL staff_fitness(s.id, wish.day, wish.timezone,
                                  tstzrange(wish.starts_at, wish.ends_at)) f
        WHERE o.service_id = wish.service_id;
        wish.free := found.free;
        wish.refused := CASE
            WHEN found.offering = 0 THEN 'NOBODY_OFFERS'
            WHEN found.working = 0 THEN 'BOOKING_OUTSIDE_WINDOWS'
            WHEN found.there = 0 THEN 'BOOKING_STAFF_OFF'
            WHEN found.free IS NULL THEN 'SLOT_TAKEN'
        END;
    END IF;
    IF wish.refused IS NULL AND wish.rooms = '{}' THEN
        wish.refused := 'NOBODY_OFFERS';
    END IF;
    RETURN wish;
END $$;
