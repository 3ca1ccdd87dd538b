-- booking_staff_refused: the part of booking_prospects that is about the member of staff who was
-- named. The planner inlines it.
-- in:  the member, as catalogue_staff has her (NULL: there is none); salon and service wanted;
--      local day and weekday, the salon's zone; when; wanted: with the buffers; moved: the id of
--      the booking that is to move there (NULL: a new one)
-- out: the first reason that speaks against her, or NULL
CREATE OR REPLACE FUNCTION booking_staff_refused(staff bigint, active boolean, works_at bigint,
    salon bigint, service bigint, day date, dow integer, zone text, begins timestamptz,
    ends timestamptz, wanted tstzrange, moved bigint) RETURNS TABLE (refused text)
    LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN active IS NOT TRUE THEN 'STAFF_UNKNOWN'
        WHEN works_at <> salon THEN 'STAFF_ELSEWHERE'
        WHEN NOT EXISTS (SELECT FROM catalogue_staff_service o
                         WHERE o.staff_id = staff AND o.service_id = service)
            THEN 'STAFF_NOT_OFFERING'
        WHEN NOT (EXISTS (
                SELECT FROM catalogue_staff_window w
                WHERE w.staff_id = staff AND w.weekday = dow
                    AND local_instant(day, w.starts_minute, zone) <= begins
                    AND local_instant(day, w.ends_minute, zone) >= ends)
            OR staff_works_over(staff, day, zone, tstzrange(begins, ends)))
            THEN 'BOOKING_OUTSIDE_WINDOWS'
        WHEN EXISTS (SELECT FROM catalogue_staff_exception x
                     WHERE x.staff_id = staff AND x.kind = 'off' AND x.ends_at > begins
                         AND x.starts_at < ends) THEN 'BOOKING_STAFF_OFF'
        -- Of claims on her that begin before the wanted one is over, the last also ends last.
        WHEN (SELECT b.claimed && wanted AND (b.status <> 'held' OR b.hold_expires_at > now())
                  AND b.id IS DISTINCT FROM moved
              FROM bookings_booking b
              WHERE b.staff_id = staff AND b.claim < claims_before(wanted)
                  AND b.status IN ('held', 'pending', 'confirmed')
              ORDER BY b.claim DESC LIMIT 1) THEN 'SLOT_TAKEN'
    END
$$;
