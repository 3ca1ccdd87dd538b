-- booking_prospects: judges services wanted by everything that needs no lock and one member of
-- staff. The planner inlines it (OFFSET 0 has a reason worked out once). For a wish for anybody,
-- booking_candidates goes on.
-- in:  per request: customer, salon. Per service wanted: request, service, staff (0: anybody),
--      starts_at. moved: the booking that is to move there (NULL: new ones); it keeps its length
--      and is not in its own way. pressing: notice is waived, and the horizon is as wide as any
--      salon's may be (the salon's own people)
-- out: the wishes, in no order, each with the first reason in the order of the code that speaks
--      against it
CREATE OR REPLACE FUNCTION booking_prospects(p_customer bigint[], p_salon bigint[],
    p_unit bigint[], p_service bigint[], p_staff bigint[], p_starts_at timestamptz[],
    moved bookings_booking, pressing boolean) RETURNS SETOF booking_wish
    LANGUAGE sql STABLE AS $$
    SELECT j.n, j.unit, j.n - array_position(p_unit, j.unit::bigint) + 1, p_customer[j.unit],
        p_salon[j.unit], j.service, j.staff = 0, j.starts_at, j.ends_at, j.wanted, j.day,
        j.timezone, CASE WHEN j.staff <> 0 THEN ARRAY[j.staff] END,
        CASE WHEN j.needs_room THEN service_rooms(j.service) END, j.refused,
        j.refused IS NOT NULL, false, NULL::bigint, NULL::bigint, NULL::bigint, false
    FROM (
        SELECT i.n::integer, i.unit::integer, i.service, i.staff, i.starts_at, t.ends_at, t.wanted,
            t.day, salon.timezone, offered.needs_room, CASE
            WHEN u.id IS NULL THEN 'TOKEN_INVALID'
            WHEN salon.id IS NULL THEN 'SALON_UNKNOWN'
            WHEN offered.id IS NULL OR NOT (offered.active OR (moved).id IS NOT NULL)
                THEN 'SERVICE_UNKNOWN'
            WHEN NOT u.is_phone_verified THEN 'PHONE_UNVERIFIED'
            WHEN i.starts_at <= now() THEN 'BOOKING_PAST'
            WHEN i.starts_at < now() + make_interval(mins => salon.notice_minutes) AND NOT pressing
                THEN 'BOOKING_TOO_SOON'
            WHEN i.starts_at > now() + make_interval(
                hours => 24 * CASE WHEN pressing THEN 366 ELSE salon.horizon_days END)
                THEN 'BOOKING_TOO_FAR'
            WHEN date_bin(make_interval(mins => salon.grid_minutes), t.local, '2000-01-01')
                <> t.local THEN 'BOOKING_OFF_GRID'
            WHEN NOT (EXISTS (
                    SELECT FROM catalogue_opening o
                    WHERE o.salon_id = p_salon[i.unit] AND o.weekday = t.dow
                        AND local_instant(t.day, o.opens_minute, salon.timezone) <= i.starts_at
                        AND local_instant(t.day, o.closes_minute, salon.timezone) >= t.ends_at)
                OR salon_open_over(salon.id, t.day, salon.timezone,
                                   tstzrange(i.starts_at, t.ends_at)))
                THEN 'BOOKING_OUTSIDE_HOURS'
            WHEN i.staff <> 0 THEN member.refused
            END AS refused
        FROM unnest(p_unit, p_service, p_staff, p_starts_at)
            WITH ORDINALITY AS i (unit, service, staff, starts_at, n)
        LEFT JOIN accounts_user u ON u.id = p_customer[i.unit]
        LEFT JOIN catalogue_salon salon ON salon.id = p_salon[i.unit] AND salon.active
        LEFT JOIN catalogue_service offered
            ON offered.id = i.service AND offered.salon_id = p_salon[i.unit]
        LEFT JOIN catalogue_staff s ON s.id = i.staff
        CROSS JOIN LATERAL booking_span(i.starts_at, salon.timezone,
            coalesce((moved).ends_at - (moved).starts_at,
                     make_interval(mins => offered.duration_minutes)),
            coalesce((moved).starts_at - lower((moved).claimed),
                     make_interval(mins => offered.buffer_before_minutes)),
            coalesce(upper((moved).claimed) - (moved).ends_at,
                     make_interval(mins => offered.buffer_after_minutes))) t
        CROSS JOIN LATERAL booking_staff_refused(s.id, s.active, s.salon_id, p_salon[i.unit],
            i.service, t.day, t.dow, salon.timezone, i.starts_at, t.ends_at, t.wanted,
            (moved).id) member
        OFFSET 0) j
$$;
