-- catalogue_busy: when staff and rooms are taken, from the claims of active bookings, in order. The two
-- claim indexes alone answer it. A hold that has run out claims nothing any more, even while nobody has
-- written that down yet; those are few, and named apart.
-- in:  $1 staff int8[], $2 rooms int8[], $3 from, $4 until int8 (seconds since 1970: claims that may
--      reach into this time)
-- out: a row for each, in the order asked, the staff first: now timestamptz, claims int8[], lapsed claims
--      int8[] (each a start in seconds times 2^17, plus a length in seconds)
WITH lapsed AS MATERIALIZED (
    SELECT b.staff_id, b.room_id, b.claim FROM bookings_booking b
    WHERE b.status = 'held' AND b.hold_expires_at <= now()
), range AS MATERIALIZED (
    SELECT ($3::bigint - 86400) << 17 AS lower, $4::bigint << 17 AS upper
)
SELECT now(), taken.claims, ARRAY(SELECT l.claim FROM lapsed l WHERE l.staff_id = o.id ORDER BY l.claim)
FROM unnest($1::bigint[]) WITH ORDINALITY AS o (id, n), range,
LATERAL (SELECT ARRAY(SELECT b.claim FROM bookings_booking b
    WHERE b.staff_id = o.id AND b.claim >= range.lower AND b.claim < range.upper
        AND b.status IN ('held', 'pending', 'confirmed')
    ORDER BY b.claim) AS claims) taken
UNION ALL
SELECT now(), taken.claims, ARRAY(SELECT l.claim FROM lapsed l WHERE l.room_id = o.id ORDER BY l.claim)
FROM unnest($2::bigint[]) WITH ORDINALITY AS o (id, n), range,
LATERAL (SELECT ARRAY(SELECT b.claim FROM bookings_booking b
    WHERE b.room_id = o.id AND b.claim >= range.lower AND b.claim < range.upper
        AND b.room_id IS NOT NULL AND b.status IN ('held', 'pending', 'confirmed')
    ORDER BY b.claim) AS claims) taken;
