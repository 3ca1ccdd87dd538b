-- bench_book_one: the peer of the booking benchmarks: one booking in one transaction, as a team would write it
-- that does not gather requests. Not part of the product.
--
-- The same checks, locks and rows as bookings_decide, and what the answer shows; no visits,
-- holds, rooms, keys, nor "anybody". Written for one: facts and checks in one statement, four statements in all,
-- plans kept. Measured in turns on 16 connections (Postgres' processor time per booking, best of 4): this 649 us,
-- an earlier function for one that could do all of it 737 us, bookings_decide() with one request 1012 us: the
-- fastest of them is the peer.
-- in:  customer, salon, service, staff, starts_at, notes, open bookings at most, request id
-- out: verdict, and of 'ok' what the answer shows
CREATE FUNCTION bench_book_one(p_customer bigint, p_salon bigint, p_service bigint, p_staff bigint,
    p_starts_at timestamptz, p_notes text, p_open_max integer, p_request_id text,
    OUT verdict text, OUT lang text, OUT id bigint, OUT starts_at timestamptz, OUT ends_at timestamptz, OUT status text,
    OUT price_amount bigint, OUT currency text, OUT deposit_amount bigint, OUT cancel_free_until timestamptz,
    OUT timezone text, OUT salon_name_ar text, OUT salon_name_en text, OUT service_name_ar text, OUT service_name_en text,
    OUT staff_name text, OUT customer_name text)
    LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    fact record;
    ahead integer;
    busy integer;
    stale bigint;
    void text;
BEGIN
    SELECT
        CASE
            WHEN u.id IS NULL THEN 'customer_unknown'
            WHEN salon.id IS NULL THEN 'salon_unknown'
            WHEN service.id IS NULL THEN 'service_unknown'
            WHEN NOT u.is_phone_verified THEN 'phone_unverified'
            WHEN p_starts_at <= now() THEN 'past'
            WHEN p_starts_at < now() + make_interval(mins => salon.notice_minutes) THEN 'too_soon'
            WHEN p_starts_at > now() + make_interval(hours => 24 * salon.horizon_days) THEN 'too_far'
            WHEN date_bin(make_interval(mins => salon.grid_minutes), t.local, '2000-01-01') <> t.local
                THEN 'off_grid'
            WHEN NOT (EXISTS (SELECT FROM catalogue_opening o
                              WHERE o.salon_id = p_salon AND o.weekday = t.dow
                                  AND local_instant(t.day, o.opens_minute, salon.timezone) <= p_starts_at
                                  AND local_instant(t.day, o.closes_minute, salon.timezone) >= t.ends_at)
                      OR salon_open_over(salon.id, t.day, salon.timezone, tstzrange(p_starts_at, t.ends_at)))
                THEN 'outside_hours'
            WHEN s.active IS NOT TRUE THEN 'staff_unknown'
            WHEN s.salon_id <> p_salon THEN 'staff_elsewhere'
            WHEN NOT EXISTS (SELECT FROM catalogue_staff_service o
                             WHERE o.staff_id = s.id AND o.service_id = p_service) THEN 'staff_not_offering'
            WHEN NOT (EXISTS (SELECT FROM catalogue_staff_window w
                              WHERE w.staff_id = s.id AND w.weekday = t.dow
                                  AND local_instant(t.day, w.starts_minute, salon.timezone) <= p_starts_at
                                  AND local_instant(t.day, w.ends_minute, salon.timezone) >= t.ends_at)
                      OR staff_works_over(s.id, t.day, salon.timezone, tstzrange(p_starts_at, t.ends_at)))
                THEN 'outside_windows'
            WHEN EXISTS (SELECT FROM catalogue_staff_exception x
                         WHERE x.staff_id = s.id AND x.kind = 'off' AND x.ends_at > p_starts_at
                             AND x.starts_at < t.ends_at) THEN 'staff_off'
        END AS verdict,
        u.preferred_language AS lang, t.ends_at, t.wanted, salon.timezone, salon.name_ar AS salon_name_ar,
        salon.name_en AS salon_name_en, service.name_ar AS service_name_ar, service.name_en AS service_name_en,
        person_label(worker.first_name, worker.last_name, worker.phone_number) AS staff_name,
        person_label(u.first_name, u.last_name, u.phone_number) AS customer_name,
        CASE WHEN salon.auto_confirm AND salon.deposit_amount = 0 THEN 'confirmed' ELSE 'pending' END AS status,
        service.price_amount, service.currency, salon.cancel_cutoff_minutes, salon.late_cancel_fee_amount,
        salon.no_show_fee_amount, salon.deposit_amount, salon.auto_confirm
    INTO fact
    FROM (SELECT) one
    LEFT JOIN accounts_user u ON u.id = p_customer
    LEFT JOIN catalogue_salon salon ON salon.id = p_salon AND salon.active
    LEFT JOIN catalogue_service service ON service.id = p_service AND service.salon_id = p_salon AND service.active
    LEFT JOIN catalogue_staff s ON s.id = p_staff
    LEFT JOIN accounts_user worker ON worker.id = s.user_id
    CROSS JOIN LATERAL (
        SELECT l.local, l.local::date AS day, date_part('dow', l.local)::integer AS dow, l.ends_at,
            tstzrange(p_starts_at - make_interval(mins => service.buffer_before_minutes),
                      l.ends_at + make_interval(mins => service.buffer_after_minutes)) AS wanted
        FROM (SELECT p_starts_at AT TIME ZONE salon.timezone AS local,
                  p_starts_at + make_interval(mins => service.duration_minutes) AS ends_at OFFSET 0) l
        OFFSET 0) t;
    verdict := fact.verdict;
    lang := fact.lang;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    void := pg_advisory_xact_lock(1101, (p_customer % 2147483647)::integer);
    PERFORM FROM catalogue_staff s WHERE s.id = p_staff FOR NO KEY UPDATE;
    SELECT (SELECT count(*) FROM bookings_booking b
            WHERE b.customer_id = p_customer AND b.starts_at > now()
                AND b.status IN ('held', 'pending', 'confirmed')
                AND (b.status <> 'held' OR b.hold_expires_at > now())),
        count(*) FILTER (WHERE b.status <> 'held' OR b.hold_expires_at > now()),
        max(b.id) FILTER (WHERE b.status = 'held' AND b.hold_expires_at <= now())
    INTO ahead, busy, stale
    FROM bookings_booking b
    WHERE b.staff_id = p_staff AND b.claimed && fact.wanted AND b.status IN ('held', 'pending', 'confirmed');
    IF p_open_max > 0 AND ahead >= p_open_max THEN
        verdict := 'too_many_open';
        RETURN;
    END IF;
    IF busy > 0 THEN
        verdict := 'slot_taken';
        RETURN;
    END IF;
    IF stale IS NOT NULL THEN
        PERFORM holds_expire(ARRAY[stale]);
    END IF;
    id := nextval('bookings_booking_id_seq');
    WITH noted AS (
        INSERT INTO bookings_history (booking_id, version, at, actor_id, actor_role, to_status, request_id)
        VALUES (bench_book_one.id, 1, now(), p_customer, 'customer', fact.status, p_request_id)
    )
    INSERT INTO bookings_booking (id, salon_id, service_id, staff_id, customer_id, starts_at, ends_at,
        claimed, status, price_amount, currency, cancel_cutoff_minutes, late_cancel_fee_amount,
        no_show_fee_amount, deposit_amount, auto_confirm, created_at, notes)
    OVERRIDING SYSTEM VALUE
    VALUES (bench_book_one.id, p_salon, p_service, p_staff, p_customer, p_starts_at, fact.ends_at, fact.wanted,
        fact.status, fact.price_amount, fact.currency, fact.cancel_cutoff_minutes, fact.late_cancel_fee_amount,
        fact.no_show_fee_amount, fact.deposit_amount, fact.auto_confirm, now(), p_notes);
    verdict := 'ok';
    starts_at := p_starts_at;
    ends_at := fact.ends_at;
    status := fact.status;
    price_amount := fact.price_amount;
    currency := fact.currency;
    deposit_amount := fact.deposit_amount;
    cancel_free_until := p_starts_at - make_interval(mins => fact.cancel_cutoff_minutes);
    timezone := fact.timezone;
    salon_name_ar := fact.salon_name_ar;
    salon_name_en := fact.salon_name_en;
    service_name_ar := fact.service_name_ar;
    service_name_en := fact.service_name_en;
    staff_name := fact.staff_name;
    customer_name := fact.customer_name;
END $$;
