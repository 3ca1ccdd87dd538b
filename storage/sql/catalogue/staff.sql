-- catalogue_staff: a page of a salon's active staff, by id, with the active services each offers.
-- No row: no such salon. One row of NULLs: it has no (more) staff.
-- in:  $1 salon int8, $2 after id int8, $3 limit int8
-- out: id, name text, services int8[]
SELECT m.id, m.name, m.services
FROM catalogue_salon s
LEFT JOIN LATERAL (
    SELECT staff.id, person_label(u.first_name, u.last_name, u.phone_number) AS name,
        ARRAY(SELECT o.service_id FROM catalogue_staff_service o
              JOIN catalogue_service v ON v.id = o.service_id AND v.active
              WHERE o.staff_id = staff.id ORDER BY o.service_id) AS services
    FROM catalogue_staff staff JOIN accounts_user u ON u.id = staff.user_id
    WHERE staff.salon_id = s.id AND staff.active AND staff.id > $2::bigint
    ORDER BY staff.id LIMIT $3::bigint) m ON true
WHERE s.id = $1::bigint AND s.active
ORDER BY m.id;
