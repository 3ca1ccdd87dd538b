-- A salon that everybody looks at: open from 10 to 22 in Riyadh, a grid of a quarter of an hour, twenty
-- staff who offer one service of half an hour, and six of ten of their times taken, for forty days from
-- the day of first_slot. Answers with salon, service and the first day.
WITH salon AS (
    INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en, currency, grid_minutes,
        horizon_days)
    VALUES (1, 'صالون العيد', 'Busy Salon', 'الرياض', 'Riyadh', 'SAR', 15, 366) RETURNING id
), opening AS (
    INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute)
    SELECT salon.id, d, 600, 1320 FROM salon, generate_series(0, 6) AS d
), service AS (
    INSERT INTO catalogue_service (salon_id, duration_minutes, price_amount, currency, name_ar, name_en)
    SELECT salon.id, 30, 10000, 'SAR', 'خدمة', 'Service' FROM salon RETURNING id, salon_id
), staff AS (
    INSERT INTO catalogue_staff (salon_id, user_id)
    SELECT salon.id, u.id FROM salon, accounts_user u WHERE u.id <= 20 RETURNING id, salon_id
), offers AS (
    INSERT INTO catalogue_staff_service (staff_id, service_id) SELECT staff.id, service.id FROM staff, service
), windows AS (
    INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute)
    SELECT staff.id, d, 600, 1320 FROM staff, generate_series(0, 6) AS d
), bookings AS (
    INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, ends_at, claimed,
        status, price_amount, currency, cancel_cutoff_minutes, late_cancel_fee_amount,
        no_show_fee_amount, deposit_amount)
    SELECT staff.salon_id, service.id, staff.id, :customer, at, at + interval '30 min',
        tstzrange(at, at + interval '30 min'), 'confirmed', 10000, 'SAR', 120, 0, 0, 0
    FROM staff, service, generate_series(0, 39) AS d, generate_series(0, 23) AS k,
        LATERAL (SELECT to_timestamp(:first_slot) + make_interval(days => d, mins => 420 + 30 * k) AS at) AS b
    WHERE (staff.id * 7919 + d * 104729 + k * 1299709 + staff.id * d * k) % 10 < 6
    ORDER BY random()
)
SELECT service.salon_id, service.id, to_char(to_timestamp(:first_slot), 'YYYY-MM-DD') FROM service;
VACUUM ANALYZE bookings_booking, catalogue_salon, catalogue_staff, catalogue_staff_service, catalogue_staff_window;
