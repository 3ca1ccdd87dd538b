-- booking_prospects: judges services wanted by everything that needs no lock and one member of
-- staff. The planner inlines it.
-- in:  per request: customer, salon. Per service wanted: request, service, staff (0: anybody, see
--      booking_candidates), starts_at.
--      moved: the booking that is to move there (NULL: new ones); it keeps its length and is not in
--      its own way. pressing: notice is waived, and the horizon is as wide as any salon's may be
--      (the salon's own people).
-- out: one row for each service wanted, in order
CREATE OR REPLACE FUNCTION booking_prospects(p_customer bigint[], p_salon bigint[], p_unit bigint[],
    p_service bigint[], p_staff bigint[], p_starts_at timestamptz[], moved bookings_booking, pressing boolean)
    RETURNS SETOF booking_prospect
    LANGUAGE sql STABLE AS $$
    SELECT i.n::integer, i.unit::integer, p_customer[i.unit], p_salon[i.unit], i.service,
        CASE
            WHEN u.id IS NULL THEN 'customer_unknown'
            WHEN salon.id IS NULL THEN 'salon_unknown'
            WHEN service.id IS NULL OR NOT (service.active OR (moved).id IS NOT NULL) THEN 'service_unknown'
            WHEN NOT u.is_phone_verified THEN 'phone_unverified'
            WHEN i.starts_at <= now() THEN 'past'
            WHEN i.starts_at < now() + make_interval(mins => salon.notice_minutes) AND NOT pressing
                THEN 'too_soon'
            WHEN i.starts_at > now() + make_interval(hours => 24 * CASE WHEN pressing THEN 366 ELSE salon.horizon_days END)
                THEN 'too_far'
            WHEN date_bin(make_interval(mins => salon.grid_minutes), t.local, '2000-01-01') <> t.local
                THEN 'off_grid'
            WHEN NOT (EXISTS (SELECT FROM catalogue_opening o
                              WHERE o.salon_id = p_salon[i.unit] AND o.weekday = t.dow
                                  AND local_instant(t.day, o.opens_minute, salon.timezone) <= i.starts_at
                                  AND local_instant(t.day, o.closes_minute, salon.timezone) >= t.ends_at)
                      OR salon_open_over(salon.id, t.day, salon.timezone, tstzrange(i.starts_at, t.ends_at)))
                THEN 'outside_hours'
            WHEN i.staff = 0 THEN NULL
            WHEN s.active IS NOT TRUE THEN 'staff_unknown'
            WHEN s.salon_id <> p_salon[i.unit] THEN 'staff_elsewhere'
            WHEN NOT EXISTS (SELECT FROM catalogue_staff_service o
                             WHERE o.staff_id = s.id AND o.service_id = i.service) THEN 'staff_not_offering'
            WHEN NOT (EXISTS (SELECT FROM catalogue_staff_window w
                              WHERE w.staff_id = s.id AND w.weekday = t.dow
                                  AND local_instant(t.day, w.starts_minute, salon.timezone) <= i.starts_at
                                  AND local_instant(t.day, w.ends_minute, salon.timezone) >= t.ends_at)
                      OR staff_works_over(s.id, t.day, salon.timezone, tstzrange(i.starts_at, t.ends_at)))
                THEN 'outside_windows'
            WHEN EXISTS (SELECT FROM catalogue_staff_exception x
                         WHERE x.staff_id = s.id AND x.kind = 'off' AND x.ends_at > i.starts_at
                             AND x.starts_at < t.ends_at) THEN 'staff_off'
            WHEN (SELECT b.claimed && t.wanted AND (b.status <> 'held' OR b.hold_expires_at > now())
                      AND b.id IS DISTINCT FROM (moved).id
                  FROM bookings_booking b
                  WHERE b.staff_id = s.id AND b.claim < claims_before(t.wanted)
                      AND b.status IN ('held', 'pending', 'confirmed')
                  ORDER BY b.claim DESC LIMIT 1) THEN 'slot_taken'
        END,
        u.preferred_language, i.staff = 0, i.starts_at, t.ends_at, t.wanted, t.day, salon.timezone,
        CASE WHEN i.staff <> 0 THEN ARRAY[i.staff] END,
        CASE WHEN service.needs_room THEN service_rooms(service.id) END
    FROM unnest(p_unit, p_service, p_staff, p_starts_at) WITH ORDINALITY AS i (unit, service, staff, starts_at, n)
    LEFT JOIN accounts_user u ON u.id = p_customer[i.unit]
    LEFT JOIN catalogue_salon salon ON salon.id = p_salon[i.unit] AND salon.active
    LEFT JOIN catalogue_service service ON service.id = i.service AND service.salon_id = p_salon[i.unit]
    LEFT JOIN catalogue_staff s ON s.id = i.staff
    CROSS JOIN LATERAL (
        SELECT l.local, l.local::date AS day, date_part('dow', l.local)::integer AS dow, l.ends_at,
            tstzrange(i.starts_at - coalesce((moved).starts_at - lower((moved).claimed),
                                             make_interval(mins => service.buffer_before_minutes)),
                      l.ends_at + coalesce(upper((moved).claimed) - (moved).ends_at,
                                           make_interval(mins => service.buffer_after_minutes))) AS wanted
        FROM (SELECT i.starts_at AT TIME ZONE salon.timezone AS local,
                  i.starts_at + coalesce((moved).ends_at - (moved).starts_at,
                                         make_interval(mins => service.duration_minutes)) AS ends_at OFFSET 0) l
        OFFSET 0) t
$$;
