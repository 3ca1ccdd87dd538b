-- catalogue_slots: all that decides when a service can be booked, in one row. No row: no such salon.
-- Lists come as arrays of equal length, sorted as domain/catalogue/slots.h asks: a cell per booking
-- would cost the server more than the arithmetic. Times are seconds since 1970.
-- in:  $1 salon, $2 service, $3 staff int8 (NULL: any), $4 from date, $5 days int4, $6 staff at most int8
-- out: timezone, grid int2, notice int4, horizon int2, now timestamptz,
--      service found bool, duration, before, after int2 (NULL: not found),
--      staff found, here, offers bool (about $3),
--      opening: weekday, opens, closes int8[]; staff int8[]; windows: owner, weekday, starts, ends int8[];
--      extra: owner, starts, ends int8[]; off: the same; busy: the same
WITH salon AS (
    SELECT s.*, local_instant($4::date - 1, 0, s.timezone) AS lower_at,
        local_instant($4::date + $5::integer + 2, 0, s.timezone) AS upper_at
    FROM catalogue_salon s WHERE s.id = $1::bigint AND s.active
), team AS MATERIALIZED (
    SELECT staff.id
    FROM catalogue_staff_service o
    JOIN catalogue_service v ON v.id = o.service_id AND v.salon_id = $1::bigint AND v.active
    JOIN catalogue_staff staff ON staff.id = o.staff_id AND staff.salon_id = $1::bigint AND staff.active
    WHERE o.service_id = $2::bigint AND ($3::bigint IS NULL OR o.staff_id = $3::bigint)
    ORDER BY staff.id LIMIT $6::bigint
)
SELECT salon.timezone, salon.grid_minutes, salon.notice_minutes, salon.horizon_days, now(),
    v.id IS NOT NULL, v.duration_minutes, v.buffer_before_minutes, v.buffer_after_minutes,
    m.id IS NOT NULL, coalesce(m.salon_id = salon.id, false),
    EXISTS (SELECT FROM team WHERE team.id = $3::bigint),
    opening.weekday, opening.opens, opening.closes,
    ARRAY(SELECT team.id FROM team ORDER BY team.id),
    windows.owner, windows.weekday, windows.starts, windows.ends,
    extra.owner, extra.starts, extra.ends, off.owner, off.starts, off.ends,
    busy.owner, busy.starts, busy.ends
FROM salon
LEFT JOIN catalogue_service v ON v.id = $2::bigint AND v.salon_id = salon.id AND v.active
LEFT JOIN catalogue_staff m ON m.id = $3::bigint AND m.active,
LATERAL (
    SELECT coalesce(array_agg(o.weekday::bigint), '{}') AS weekday,
        coalesce(array_agg(o.opens_minute::bigint), '{}') AS opens,
        coalesce(array_agg(o.closes_minute::bigint), '{}') AS closes
    FROM (SELECT * FROM catalogue_opening o WHERE o.salon_id = salon.id
          ORDER BY o.weekday, o.opens_minute) o) opening,
LATERAL (
    SELECT coalesce(array_agg(w.staff_id), '{}') AS owner,
        coalesce(array_agg(w.weekday::bigint), '{}') AS weekday,
        coalesce(array_agg(w.starts_minute::bigint), '{}') AS starts,
        coalesce(array_agg(w.ends_minute::bigint), '{}') AS ends
    FROM (SELECT w.* FROM team JOIN catalogue_staff_window w ON w.staff_id = team.id
          ORDER BY w.staff_id, w.weekday, w.starts_minute) w) windows,
LATERAL (
    SELECT coalesce(array_agg(x.staff_id), '{}') AS owner,
        coalesce(array_agg(floor(date_part('epoch', x.starts_at))::bigint), '{}') AS starts,
        coalesce(array_agg(ceil(date_part('epoch', x.ends_at))::bigint), '{}') AS ends
    FROM (SELECT x.* FROM team JOIN catalogue_staff_exception x ON x.staff_id = team.id
          WHERE x.kind = 'off' AND x.ends_at > salon.lower_at AND x.starts_at < salon.upper_at
          ORDER BY x.staff_id, x.starts_at) x) off,
LATERAL (
    SELECT coalesce(array_agg(x.staff_id), '{}') AS owner,
        coalesce(array_agg(ceil(date_part('epoch', x.starts_at))::bigint), '{}') AS starts,
        coalesce(array_agg(floor(date_part('epoch', x.ends_at))::bigint), '{}') AS ends
    FROM (SELECT x.* FROM team JOIN catalogue_staff_exception x ON x.staff_id = team.id
          WHERE x.kind = 'extra' AND x.ends_at > salon.lower_at AND x.starts_at < salon.upper_at
          ORDER BY x.staff_id, x.starts_at) x) extra,
LATERAL (
    SELECT coalesce(array_agg(b.staff_id), '{}') AS owner,
        coalesce(array_agg(date_part('epoch', lower(b.claimed))::bigint), '{}') AS starts,
        coalesce(array_agg(date_part('epoch', upper(b.claimed))::bigint), '{}') AS ends
    FROM (SELECT b.staff_id, b.claimed FROM team JOIN bookings_booking b ON b.staff_id = team.id
          WHERE b.starts_at > salon.lower_at AND b.starts_at < salon.upper_at
              AND b.status IN ('held', 'pending', 'confirmed')
          ORDER BY b.staff_id, b.starts_at) b) busy;
