-- catalogue_busy: when staff and rooms are taken, from the claims of active bookings that are not
-- over, in order. The two claim indexes alone answer it. Claims of holds are listed once more, with
-- the time at which they run out: from then on they claim nothing, even while nobody has written
-- that down yet.
-- in:  $1 staff int8[], $2 rooms int8[]
-- out: a row for each, in the order asked, the staff first: its id, claims (each a start in seconds
--      times 2^17, plus a length in seconds), claims of holds in order, their ends in microseconds
--      since 1970 int8[]
WITH holds AS MATERIALIZED (
    SELECT b.staff_id, b.room_id, b.claim,
        (extract(epoch FROM b.hold_expires_at - timestamptz '1970-01-01 00:00:00+00')
            * 1000000)::bigint AS until
    FROM bookings_booking b
    WHERE b.status = 'held' AND (b.staff_id = ANY ($1::bigint[]) OR b.room_id = ANY ($2::bigint[]))
), range AS MATERIALIZED ( -- a claim is at most a day long
    SELECT (extract(epoch FROM now())::bigint - 86400) << 17 AS lower
)
SELECT o.id, ARRAY(SELECT b.claim FROM bookings_booking b
        WHERE b.staff_id = o.id AND b.claim >= range.lower
            AND b.status IN ('held', 'pending', 'confirmed')
        ORDER BY b.claim),
    ARRAY(SELECT h.claim FROM holds h WHERE h.staff_id = o.id ORDER BY h.claim),
    ARRAY(SELECT h.until FROM holds h WHERE h.staff_id = o.id ORDER BY h.claim)
FROM unnest($1::bigint[]) AS o (id), range
UNION ALL
SELECT o.id, ARRAY(SELECT b.claim FROM bookings_booking b
        WHERE b.room_id = o.id AND b.claim >= range.lower AND b.room_id IS NOT NULL
            AND b.status IN ('held', 'pending', 'confirmed')
        ORDER BY b.claim),
    ARRAY(SELECT h.claim FROM holds h WHERE h.room_id = o.id ORDER BY h.claim),
    ARRAY(SELECT h.until FROM holds h WHERE h.room_id = o.id ORDER BY h.claim)
FROM unnest($2::bigint[]) AS o (id), range;
