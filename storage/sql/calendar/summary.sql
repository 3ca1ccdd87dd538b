-- calendar_summary: what some local days of a salon came to, by their bookings' beginnings: a row
-- of kind 'status' for each state that occurs, one of kind 'payment' for each state of payments
-- that occurs ('none' for what is due and has none), one of kind 'staff' for each member who works
-- there or had bookings; none of a kind when there are none.
-- in:  $1 actor, $2 salon int8, $3 first day, $4 last day date
-- out: refused, timezone, currency text, kind text (NULL: nothing), label text (the state, or the
--      member's name), staff int8, bookings int8, price sum int8, fee sum int8, booked minutes int8
--      (of pending, confirmed, completed and no-show), open minutes int8 (of staff: could have been
--      booked)
WITH place AS (
    SELECT f.refused, s.id AS salon, s.timezone, s.currency,
        local_instant($3::date, 0, s.timezone) AS lower_at,
        local_instant($4::date + 1, 0, s.timezone) AS upper_at
    FROM (SELECT salon_check($1::bigint, $2::bigint) AS refused OFFSET 0) f
    LEFT JOIN catalogue_salon s ON f.refused IS NULL AND s.id = $2::bigint
), found AS MATERIALIZED (
    SELECT b.id, b.staff_id, b.price_amount, b.fee_amount,
        hold_or_expired(b.status, b.hold_expires_at) AS status,
        extract(epoch FROM b.ends_at - b.starts_at)::bigint / 60 AS minutes
    FROM place JOIN bookings_booking b ON b.salon_id = place.salon
    WHERE b.starts_at >= place.lower_at AND b.starts_at < place.upper_at
), had AS (
    SELECT found.staff_id, count(*) AS bookings, sum(found.price_amount)::bigint AS price,
        sum(found.minutes)::bigint AS minutes
    FROM found WHERE found.status IN ('pending', 'confirmed', 'completed', 'no_show')
    GROUP BY found.staff_id
), open AS MATERIALIZED (
    SELECT o.*
    FROM place, LATERAL salon_open_minutes(place.salon, $3::date, $4::date, place.timezone) o
), line AS (
    SELECT 'status' AS kind, found.status AS label, NULL::bigint AS staff, count(*) AS bookings,
        sum(found.price_amount)::bigint AS price, sum(found.fee_amount)::bigint AS fee,
        0::bigint AS minutes, 0::bigint AS open_minutes
    FROM found GROUP BY found.status
    UNION ALL
    SELECT 'payment', coalesce(paid.status, 'none'), NULL, count(*),
        sum(coalesce(paid.amount, found.price_amount))::bigint, 0, 0, 0
    FROM found LEFT JOIN booking_payment paid ON paid.booking_id = found.id
    WHERE paid.booking_id IS NOT NULL OR found.status IN ('pending', 'confirmed', 'completed')
    GROUP BY coalesce(paid.status, 'none')
    UNION ALL
    SELECT 'staff', person_label(u.first_name, u.last_name, u.phone_number), m.id,
        coalesce(had.bookings, 0), coalesce(had.price, 0), 0, coalesce(had.minutes, 0),
        coalesce(open.minutes, 0)
    FROM place JOIN catalogue_staff m ON m.salon_id = place.salon
    JOIN accounts_user u ON u.id = m.user_id
    LEFT JOIN had ON had.staff_id = m.id
    LEFT JOIN open ON open.staff_id = m.id
    WHERE m.active OR had.bookings > 0
)
SELECT place.refused, place.timezone, place.currency, line.kind, line.label, line.staff,
    line.bookings, line.price, line.fee, line.minutes, line.open_minutes
FROM place LEFT JOIN line ON true
ORDER BY line.kind, line.staff, line.label;
