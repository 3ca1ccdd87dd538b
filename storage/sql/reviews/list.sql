-- reviews_list: a page of what customers say about a salon, newest first. No row: no such salon.
-- NULLs: there are no (more). The author's phone number is nobody's business: without a name, ''.
-- in:  $1 salon, $2 before id (0: the first page), $3 limit int8
-- out: id int8, author, rating int2, comment, created_at, service_name_ar, service_name_en,
--      timezone text
SELECT r.id, r.author, r.rating, r.comment, r.created_at, r.service_name_ar, r.service_name_en,
    s.timezone
FROM catalogue_salon s
LEFT JOIN LATERAL (
    SELECT r.id, person_label(u.first_name, u.last_name, '') AS author, r.rating, r.comment,
        r.created_at, v.name_ar AS service_name_ar, v.name_en AS service_name_en
    FROM catalogue_review r
    JOIN accounts_user u ON u.id = r.author_id
    JOIN bookings_booking b ON b.id = r.booking_id
    JOIN catalogue_service v ON v.id = b.service_id
    WHERE r.salon_id = s.id AND ($2::bigint = 0 OR r.id < $2::bigint)
    ORDER BY r.id DESC LIMIT $3::bigint) r ON true
WHERE s.id = $1::bigint AND s.active
ORDER BY r.id DESC;
