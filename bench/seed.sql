-- The benchmark's data, for a database that was just migrated: variables staff, customers, minutes.
--
-- Twenty staff in each salon, all of whom work around the clock, one service of `minutes` in each,
-- customers with verified phones. Ids are 1, 2, 3, ... in each table, which harness/database.py
-- reckons with: users 1..staff are the staff, those after them the customers.
BEGIN;
INSERT INTO accounts_user (phone_number, role, first_name, last_name, is_phone_verified)
SELECT CASE WHEN n <= :staff THEN '+96658' ELSE '+96659' END || lpad(n::text, 7, '0'),
    CASE WHEN n = 1 THEN 'manager' WHEN n <= :staff THEN 'staff' ELSE 'customer' END,
    'Bench', n::text, true
FROM generate_series(1, :staff + :customers) AS n ORDER BY n;

INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en, grid_minutes, horizon_days)
SELECT 1, 'صالون ' || n, 'Salon ' || n, 'الرياض', 'Riyadh', :minutes, 366
FROM generate_series(1, :staff / 20) AS n ORDER BY n;

INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute)
SELECT s.id, d, 0, 1440 FROM catalogue_salon s, generate_series(0, 6) AS d;

INSERT INTO catalogue_service (salon_id, duration_minutes, price_amount, name_ar, name_en)
SELECT s.id, :minutes, 10000, 'خدمة', 'Service' FROM catalogue_salon s ORDER BY s.id;

INSERT INTO catalogue_staff (salon_id, user_id)
SELECT (n - 1) / 20 + 1, n FROM generate_series(1, :staff) AS n ORDER BY n;

INSERT INTO catalogue_staff_service (staff_id, service_id)
SELECT s.id, s.salon_id FROM catalogue_staff s;

INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute)
SELECT s.id, d, 0, 1440 FROM catalogue_staff s, generate_series(0, 6) AS d;

DO $$ BEGIN
    ASSERT (SELECT max(id) = count(*) AND min(id) = 1 FROM accounts_user), 'users';
    ASSERT (SELECT max(id) = count(*) AND min(id) = 1 FROM catalogue_salon), 'salons';
    ASSERT (SELECT bool_and(v.id = v.salon_id) FROM catalogue_service v), 'services';
    ASSERT (SELECT bool_and(s.id = s.user_id AND s.salon_id = (s.id - 1) / 20 + 1)
            FROM catalogue_staff s), 'staff';
END $$;
COMMIT;
VACUUM ANALYZE accounts_user, catalogue_salon, catalogue_opening, catalogue_service, catalogue_staff,
    catalogue_staff_service, catalogue_staff_window;
