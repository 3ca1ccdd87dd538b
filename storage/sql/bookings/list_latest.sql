-- bookings_list_latest: as list_soonest, latest first; all bookings, or only those that are over.
-- in:  $1 ... $6 as list_soonest, $7 only those that are over boolean                out: as create
SELECT 1, 1, CASE WHEN u.id IS NULL THEN 'TOKEN_INVALID' END, NULL::text, card.*
FROM (SELECT) one
LEFT JOIN accounts_user u ON u.id = $1::bigint
LEFT JOIN LATERAL (
    SELECT card.* FROM (
        (SELECT b.id, b.starts_at FROM bookings_booking b
         WHERE b.customer_id = u.id
             AND ($4::bigint = 0 OR (b.starts_at, b.id) < ($3::timestamptz, $4::bigint))
             AND (NOT $7::boolean OR b.ends_at <= now())
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at DESC, b.id DESC LIMIT $2::bigint)
        UNION
        (SELECT b.id, b.starts_at FROM catalogue_staff s
         JOIN catalogue_salon o ON o.id = s.salon_id AND o.active
         JOIN bookings_booking b ON b.staff_id = s.id
         WHERE s.user_id = u.id AND s.active AND u.role <> 'customer'
             AND ($4::bigint = 0 OR (b.starts_at, b.id) < ($3::timestamptz, $4::bigint))
             AND (NOT $7::boolean OR b.ends_at <= now())
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at DESC, b.id DESC LIMIT $2::bigint)
        UNION
        (SELECT b.id, b.starts_at FROM catalogue_salon s
         JOIN bookings_booking b ON b.salon_id = s.id
         WHERE s.owner_id = u.id AND u.role = 'manager'
             AND ($4::bigint = 0 OR (b.starts_at, b.id) < ($3::timestamptz, $4::bigint))
             AND (NOT $7::boolean OR b.ends_at <= now())
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at DESC, b.id DESC LIMIT $2::bigint)
        UNION
        (SELECT b.id, b.starts_at FROM bookings_booking b
         WHERE u.role = 'admin'
             AND ($4::bigint = 0 OR (b.starts_at, b.id) < ($3::timestamptz, $4::bigint))
             AND (NOT $7::boolean OR b.ends_at <= now())
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at DESC, b.id DESC LIMIT $2::bigint)
        ORDER BY 2 DESC, 1 DESC LIMIT $2::bigint
    ) mine
    -- One by one (OFFSET 0 keeps it so): the planner cannot know how short a page is, and would
    -- rather hash the whole table.
    CROSS JOIN LATERAL (SELECT * FROM bookings_shown c WHERE c.id = mine.id OFFSET 0) card
) card ON true
ORDER BY card.starts_at DESC, card.id DESC;
