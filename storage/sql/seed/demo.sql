-- seed_demo: salons to try the server with: 12 in Riyadh and Jeddah, with hours, services, staff
-- and windows; their manager, their staff, and one customer. Idempotent: what is there by its phone
-- number or by owner and English name is left as it is. One statement, so all of it or nothing.
-- in:  the setting mawid.currency: of salons that are made
DO $seed$
DECLARE
    manager bigint;
    place record;
    salon bigint;
    member record;
    n integer := 0;
BEGIN
    INSERT INTO accounts_user (phone_number, email, role, first_name, last_name, preferred_language,
        is_phone_verified)
    VALUES ('+966500000000', 'customer@example.com', 'customer', 'نورة', 'العتيبي', 'ar-sa', true),
        ('+966500000001', 'manager@example.com', 'manager', 'هند', 'الشمري', 'ar-sa', true)
    ON CONFLICT DO NOTHING;
    SELECT u.id INTO manager FROM accounts_user u WHERE u.phone_number = '+966500000001';

    FOR place IN
        SELECT * FROM (VALUES
            ('صالون الياسمين', 'Jasmine Salon', 'ladies', 'الرياض', 'Riyadh',
                'حي الياسمين، طريق أنس بن مالك', 24.8236, 46.6452, '+966112000001'),
            ('لمسة جمال', 'Touch of Beauty', 'ladies', 'الرياض', 'Riyadh',
                'حي العليا، شارع التحلية', 24.6946, 46.6853, '+966112000002'),
            ('صالون أناقة', 'Anaqa Salon', 'ladies', 'الرياض', 'Riyadh',
                'حي الملقا، طريق الملك فهد', 24.8070, 46.6128, '+966112000003'),
            ('ركن العروس', 'Bridal Corner', 'ladies', 'الرياض', 'Riyadh',
                'حي السليمانية، شارع الأمير ممدوح', 24.7014, 46.7020, '+966112000004'),
            ('حلاق الديرة', 'Al Dirah Barber', 'barber', 'الرياض', 'Riyadh',
                'حي الديرة، شارع الثميري', 24.6319, 46.7130, '+966112000005'),
            ('نادي الرجل الأنيق', 'The Gentleman Club', 'barber', 'الرياض', 'Riyadh',
                'حي حطين، طريق الأمير تركي', 24.7640, 46.6000, '+966112000006'),
            ('لؤلؤة جدة', 'Pearl of Jeddah', 'ladies', 'جدة', 'Jeddah',
                'حي الروضة، شارع الأمير سلطان', 21.5607, 39.1530, '+966122000007'),
            ('صالون الكورنيش', 'Corniche Salon', 'ladies', 'جدة', 'Jeddah',
                'حي الشاطئ، طريق الكورنيش', 21.6040, 39.1080, '+966122000008'),
            ('سبا ورد الطائف', 'Taif Rose Spa', 'ladies', 'جدة', 'Jeddah',
                'حي الحمراء، شارع فلسطين', 21.5262, 39.1663, '+966122000009'),
            ('بيت الحناء', 'Henna House', 'ladies', 'جدة', 'Jeddah', 'حي البلد، شارع قابل', 21.4858,
                39.1868, '+966122000010'),
            ('حلاق البحر الأحمر', 'Red Sea Barber', 'barber', 'جدة', 'Jeddah', 'حي أبحر الشمالية',
                21.7540, 39.1190, '+966122000011'),
            ('صالون السادة', 'Sadah Barbershop', 'barber', 'جدة', 'Jeddah', 'حي السلامة، شارع صاري',
                21.5880, 39.1490, '+966122000012')
        ) AS v (name_ar, name_en, kind, city_ar, city_en, address, latitude, longitude, phone)
    LOOP
        n := n + 1;
        CONTINUE WHEN EXISTS (SELECT FROM catalogue_salon s
                              WHERE s.owner_id = manager AND s.name_en = place.name_en);
        INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en, address, phone,
            latitude, longitude, grid_minutes, auto_confirm, late_cancel_fee_amount,
            no_show_fee_amount, currency, rating_hundredths, review_count)
        VALUES (manager, place.name_ar, place.name_en, place.city_ar, place.city_en, place.address,
            place.phone, place.latitude, place.longitude,
            CASE place.kind WHEN 'barber' THEN 15 ELSE 30 END,
            n <> 4, -- the bridal salon approves each booking itself
            CASE place.kind WHEN 'ladies' THEN 2500 ELSE 0 END,
            CASE place.kind WHEN 'ladies' THEN 5000 ELSE 2000 END,
            current_setting('mawid.currency'), 0, 0)
        RETURNING id INTO salon;

        -- Friday opens after the prayer; barbers close at half past midnight on Thursday and
        -- Friday.
        INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute)
        SELECT salon, d, CASE WHEN d = 5 THEN 840 ELSE 600 END,
            CASE WHEN place.kind = 'barber' AND d IN (4, 5) THEN 1470 ELSE 1320 END
        FROM generate_series(0, 6) AS d;

        INSERT INTO catalogue_service (salon_id, duration_minutes, buffer_before_minutes,
            buffer_after_minutes, price_amount, currency, name_ar, name_en)
        SELECT salon, s.duration, 0, s.after, s.price + 500 * (n % 4),
            current_setting('mawid.currency'), s.name_ar, s.name_en
        FROM (VALUES
            ('ladies', 45, 0, 12000, 'قص شعر', 'Haircut'),
            ('ladies', 60, 0, 9000, 'تصفيف شعر', 'Blow-dry and styling'),
            ('ladies', 120, 15, 35000, 'صبغة شعر', 'Hair colouring'),
            ('ladies', 45, 0, 8000, 'مناكير', 'Manicure'),
            ('ladies', 90, 15, 60000, 'مكياج عروس', 'Bridal make-up'),
            ('barber', 30, 0, 5000, 'قص شعر رجالي', 'Men''s haircut'),
            ('barber', 15, 0, 2500, 'تحديد لحية', 'Beard trim'),
            ('barber', 45, 0, 7000, 'قص شعر ولحية', 'Haircut and beard'),
            ('barber', 30, 10, 9000, 'تنظيف بشرة', 'Facial')
        ) AS s (kind, duration, after, price, name_ar, name_en)
        WHERE s.kind = place.kind;

        FOR member IN
            SELECT m.i, format('+9665000001%s', lpad((3 * (n - 1) + m.i)::text, 2, '0')) AS phone,
                m.first_name, m.last_name
            FROM (VALUES
                ('ladies', 1, 'سارة', 'القحطاني'), ('ladies', 2, 'ريم', 'الحربي'),
                ('ladies', 3, 'لينا', 'الزهراني'),
                ('barber', 1, 'خالد', 'الدوسري'), ('barber', 2, 'عمر', 'الغامدي'),
                ('barber', 3, 'يوسف', 'المطيري')
            ) AS m (kind, i, first_name, last_name)
            WHERE m.kind = place.kind
        LOOP
            INSERT INTO accounts_user (phone_number, role, first_name, last_name,
                preferred_language, is_phone_verified)
            VALUES (member.phone, 'staff', member.first_name, member.last_name, 'ar-sa', true)
            ON CONFLICT DO NOTHING;
            WITH joined AS (
                INSERT INTO catalogue_staff (salon_id, user_id)
                SELECT salon, u.id FROM accounts_user u WHERE u.phone_number = member.phone
                RETURNING id
            ), offered AS (
                -- The third member learns: all but the longest service.
                INSERT INTO catalogue_staff_service (staff_id, service_id)
                SELECT joined.id, s.id FROM joined, catalogue_service s
                WHERE s.salon_id = salon AND NOT (member.i = 3 AND s.duration_minutes >= 120)
            )
            -- Each has another day off; on Thursday and Friday all stay as long as the salon.
            INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute)
            SELECT joined.id, o.weekday, span.starts, least(span.ends, o.closes_minute)
            FROM joined, catalogue_opening o,
                LATERAL (VALUES (o.opens_minute, 900), (960, 1470)) AS span (starts, ends)
            WHERE o.salon_id = salon AND o.weekday <> member.i - 1 AND span.starts < span.ends;
        END LOOP;
    END LOOP;
END $seed$;
