-- desk_mine: a page of the salons that a user owns or works at, by id.
-- in:  $1 user, $2 after id, $3 limit int8
-- out: refused text, the columns of salons_list (NULL: there are no more), then: owns it bool,
--      works there as int8
SELECT CASE WHEN u.id IS NULL THEN 'TOKEN_INVALID' END,
    s.id, s.name_ar, s.name_en, s.city_ar, s.city_en, s.address, s.phone, s.timezone,
    s.latitude, s.longitude, s.rating_hundredths, s.review_count,
    s.owner_id = u.id AND u.role IN ('manager', 'admin'), s.staff
FROM (SELECT 1) AS one
LEFT JOIN accounts_user u ON u.id = $1::bigint
LEFT JOIN LATERAL (
    SELECT s.*, m.id AS staff FROM (
        SELECT o.id FROM catalogue_salon o
        WHERE o.owner_id = u.id AND u.role IN ('manager', 'admin')
        UNION
        SELECT w.salon_id FROM catalogue_staff w
        WHERE w.user_id = u.id AND w.active AND u.role <> 'customer'
    ) mine
    JOIN catalogue_salon s ON s.id = mine.id AND s.active
    LEFT JOIN catalogue_staff m ON m.salon_id = s.id AND m.user_id = u.id AND m.active
    WHERE s.id > $2::bigint
    ORDER BY s.id LIMIT $3::bigint) s ON true
ORDER BY s.id;
