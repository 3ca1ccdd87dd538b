-- seed_people: whom to log in as, after seed_demo.
-- out: role text, phone text, name text, salon text
SELECT u.role, u.phone_number, person_label(u.first_name, u.last_name, u.phone_number),
    coalesce((SELECT s.name_en FROM catalogue_staff st JOIN catalogue_salon s ON s.id = st.salon_id
              WHERE st.user_id = u.id ORDER BY st.id LIMIT 1), '')
FROM accounts_user u
WHERE u.phone_number IN ('+966500000000', '+966500000001', '+966500000101', '+966500000119')
ORDER BY array_position(ARRAY['customer', 'manager', 'staff'], u.role::text), u.phone_number;
