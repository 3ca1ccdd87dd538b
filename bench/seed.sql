-- The benchmark's data, for a database that was just migrated: variables staff, customers,
-- minutes, times, first_slot.
--
-- Twenty staff in each salon, all of whom work around the clock, one service of `minutes` in each,
-- customers with verified phones. Ids are 1, 2, 3, ... in each table, which harness/database.py
-- reckons with: users 1..staff are the staff, those after them the customers.
BEGIN;
INSERT INTO accounts_user (phone_number, role, first_name, last_name, is_phone_verified)
SELECT CASE WHEN n <= :staff THEN '+96658' ELSE '+96659' END || lpad(n::text, 7, '0'),
    CASE WHEN n = 1 THEN 'manager' WHEN n <= :staff THEN 'staff' ELSE 'customer' END,
    'Bench', n::text, true
FROM generate_series(1, :staff + :customers) AS g (n) ORDER BY g.n;

INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en, currency, grid_minutes, horizon_days)
SELECT 1, 'صالون ' || n, 'Salon ' || n, 'الرياض', 'Riyadh', 'SAR', :minutes, 366
FROM generate_series(1, :staff / 20) AS g (n) ORDER BY g.n;

INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute)
SELECT s.id, d, 0, 1440 FROM catalogue_salon s, generate_series(0, 6) AS d;

INSERT INTO catalogue_service (salon_id, duration_minutes, price_amount, currency, name_ar, name_en)
SELECT s.id, :minutes, 10000, 'SAR', 'خدمة', 'Service' FROM catalogue_salon s ORDER BY s.id;

INSERT INTO catalogue_staff (salon_id, user_id)
SELECT (n - 1) / 20 + 1, n FROM generate_series(1, :staff) AS g (n) ORDER BY g.n;

INSERT INTO catalogue_staff_service (staff_id, service_id)
SELECT s.id, s.salon_id FROM catalogue_staff s;

INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute)
SELECT s.id, d, 0, 1440 FROM catalogue_staff s, generate_series(0, 6) AS d;

-- A year of past, and what is booked already: numbers 0 to 19,999 of harness/database.py. The planner
-- decides differently about an empty table, and a salon's is empty on its first day only.
INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, ends_at, claimed,
    status, price_amount, currency, cancel_cutoff_minutes, late_cancel_fee_amount,
    no_show_fee_amount, deposit_amount)
SELECT m / 20 + 1, m / 20 + 1, m + 1, :staff + 1 + n % :customers, at, at + length,
    tstzrange(at, at + length), status, 10000, 'SAR', 120, 0, 0, 0
FROM generate_series(0, 119999) AS g (n),
    LATERAL (SELECT n % :staff AS m, make_interval(mins => :minutes) AS length,
                 CASE WHEN n < 20000 THEN 'confirmed' ELSE 'completed' END AS status,
                 to_timestamp(:first_slot) + (n % :times) * make_interval(mins => :minutes)
                     - CASE WHEN n < 20000 THEN interval '0' ELSE interval '1 year' END AS at) AS b;

DO $$ BEGIN
    ASSERT (SELECT bool_and(u.last_name = u.id::text) AND min(id) = 1 FROM accounts_user u), 'users';
    ASSERT (SELECT bool_and(s.name_en = 'Salon ' || s.id) FROM catalogue_salon s), 'salons';
    ASSERT (SELECT bool_and(v.id = v.salon_id) FROM catalogue_service v), 'services';
    ASSERT (SELECT bool_and(s.id = s.user_id AND s.salon_id = (s.id - 1) / 20 + 1)
            FROM catalogue_staff s), 'staff';
END $$;
COMMIT;
VACUUM ANALYZE accounts_user, catalogue_salon, catalogue_opening, catalogue_service, catalogue_staff,
    catalogue_staff_service, catalogue_staff_window, bookings_booking;
