-- calendar_days: what the staff of a salon have to do on some local days: a line for each member
-- (those who work there: only their own), with windows, time off and extra hours on its first row,
-- and a row for each booking that is not cancelled or expired.
-- in:  $1 actor, $2 salon int8, $3 from date, $4 days int4, $5 bookings at most int8
-- out: refused, timezone text, staff int8 (NULL: nobody), name text, first row of the line? bool,
--      windows: weekday, starts, ends int8[]; off: starts, ends int8[]; extra: starts, ends int8[]
--      (seconds since 1970; NULL but on the first row), then booking int8 (NULL: none), starts_at,
--      ends_at, status, service int8, service_name_ar, service_name_en, customer int8, customer
--      name, customer phone, room int8, price int8, currency, the beginning of the notes
WITH place AS (
    SELECT f.*, s.id AS salon, s.timezone, local_instant($3::date, 0, s.timezone) AS lower_at,
        local_instant($3::date + $4::integer, 0, s.timezone) AS upper_at
    FROM salon_worker_check($1::bigint, $2::bigint) f
    LEFT JOIN catalogue_salon s ON f.refused IS NULL AND s.id = $2::bigint
), found AS (
    SELECT b.* FROM place JOIN bookings_booking b ON b.salon_id = place.salon
    WHERE b.starts_at > place.lower_at - interval '24 hours' AND b.starts_at < place.upper_at
        AND b.ends_at > place.lower_at AND (place.own IS NULL OR b.staff_id = place.own)
        AND b.status NOT IN ('cancelled', 'expired')
        AND (b.status <> 'held' OR b.hold_expires_at > now())
    ORDER BY b.starts_at, b.id LIMIT $5::bigint
), line AS (
    SELECT m.id, person_label(u.first_name, u.last_name, u.phone_number) AS name
    FROM place JOIN catalogue_staff m ON m.salon_id = place.salon
    JOIN accounts_user u ON u.id = m.user_id
    WHERE (m.active OR EXISTS (SELECT FROM found WHERE found.staff_id = m.id))
        AND (place.own IS NULL OR m.id = place.own)
), row AS (
    SELECT line.id AS staff, line.name, b.*,
        row_number() OVER (PARTITION BY line.id ORDER BY b.starts_at, b.id) = 1 AS first
    FROM line LEFT JOIN found b ON b.staff_id = line.id
)
SELECT place.refused, place.timezone, row.staff, row.name, row.first,
    windows.weekday, windows.starts, windows.ends, off.starts, off.ends, extra.starts, extra.ends,
    row.id, row.starts_at, row.ends_at, row.status, row.service_id, v.name_ar, v.name_en,
    row.customer_id, person_label(u.first_name, u.last_name, u.phone_number), u.phone_number,
    row.room_id, row.price_amount, row.currency, left(row.notes, 100)
FROM place
LEFT JOIN row ON true
LEFT JOIN catalogue_service v ON v.id = row.service_id
LEFT JOIN accounts_user u ON u.id = row.customer_id
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(w.weekday::bigint), '{}') AS weekday,
        coalesce(array_agg(w.starts_minute::bigint), '{}') AS starts,
        coalesce(array_agg(w.ends_minute::bigint), '{}') AS ends
    FROM (SELECT * FROM catalogue_staff_window w WHERE w.staff_id = row.staff
          ORDER BY w.weekday, w.starts_minute) w) windows ON row.first
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(date_part('epoch', x.starts_at)::bigint), '{}') AS starts,
        coalesce(array_agg(date_part('epoch', x.ends_at)::bigint), '{}') AS ends
    FROM (SELECT * FROM catalogue_staff_exception x
          WHERE x.staff_id = row.staff AND x.kind = 'off' AND x.ends_at > place.lower_at
              AND x.starts_at < place.upper_at
          ORDER BY x.starts_at, x.id) x) off ON row.first
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(date_part('epoch', x.starts_at)::bigint), '{}') AS starts,
        coalesce(array_agg(date_part('epoch', x.ends_at)::bigint), '{}') AS ends
    FROM (SELECT * FROM catalogue_staff_exception x
          WHERE x.staff_id = row.staff AND x.kind = 'extra' AND x.ends_at > place.lower_at
              AND x.starts_at < place.upper_at
          ORDER BY x.starts_at, x.id) x) extra ON row.first
ORDER BY row.staff, row.starts_at, row.id;
