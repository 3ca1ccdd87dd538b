-- bookings_list_soonest: bookings that are not over, soonest first, that the viewer has to do with:
-- a branch for each way to have to do with one (booking_relation), so that each walks its own
-- index; a branch that is not for this viewer's role does not run.
-- One row with NULLs for a booking: there is none (left), or refused: TOKEN_INVALID.
-- in:  $1 viewer int8, $2 limit int8, $3 after starts_at, $4 after id int8 (0: first page),
--      $5 status text ('': any), $6 salon int8 (0: any)                              out: as create
SELECT 1, 1, CASE WHEN u.id IS NULL THEN 'TOKEN_INVALID' END, NULL::text, card.*
FROM (SELECT) one
LEFT JOIN accounts_user u ON u.id = $1::bigint
LEFT JOIN LATERAL (
    SELECT card.* FROM (
        (SELECT b.id, b.starts_at FROM bookings_booking b
         WHERE b.customer_id = u.id
             AND ($4::bigint = 0 OR (b.starts_at, b.id) > ($3::timestamptz, $4::bigint))
             AND b.starts_at > now() - interval '24 hours' AND b.ends_at > now()
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at, b.id LIMIT $2::bigint)
        UNION
        (SELECT b.id, b.starts_at FROM catalogue_staff s
         JOIN catalogue_salon o ON o.id = s.salon_id AND o.active
         JOIN bookings_booking b ON b.staff_id = s.id
         WHERE s.user_id = u.id AND s.active AND u.role <> 'customer'
             AND ($4::bigint = 0 OR (b.starts_at, b.id) > ($3::timestamptz, $4::bigint))
             AND b.starts_at > now() - interval '24 hours' AND b.ends_at > now()
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at, b.id LIMIT $2::bigint)
        UNION
        (SELECT b.id, b.starts_at FROM catalogue_salon s
         JOIN bookings_booking b ON b.salon_id = s.id
         WHERE s.owner_id = u.id AND u.role = 'manager'
             AND ($4::bigint = 0 OR (b.starts_at, b.id) > ($3::timestamptz, $4::bigint))
             AND b.starts_at > now() - interval '24 hours' AND b.ends_at > now()
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at, b.id LIMIT $2::bigint)
        UNION
        (SELECT b.id, b.starts_at FROM bookings_booking b
         WHERE u.role = 'admin'
             AND ($4::bigint = 0 OR (b.starts_at, b.id) > ($3::timestamptz, $4::bigint))
             AND b.starts_at > now() - interval '24 hours' AND b.ends_at > now()
             AND ($5::text = '' OR hold_or_expired(b.status, b.hold_expires_at) = $5::text)
             AND ($6::bigint = 0 OR b.salon_id = $6::bigint)
         ORDER BY b.starts_at, b.id LIMIT $2::bigint)
        ORDER BY 2, 1 LIMIT $2::bigint
    ) mine
    -- One by one (OFFSET 0 keeps it so): the planner cannot know how short a page is, and would
    -- rather hash the whole table.
    CROSS JOIN LATERAL (SELECT * FROM bookings_shown c WHERE c.id = mine.id OFFSET 0) card
) card ON true
ORDER BY card.starts_at, card.id;
