-- What decides about bookings: one call, one verdict, one transaction.
--
-- A verdict is 'ok' or the one cause of the refusal, the first that applies in the order of the code;
-- domain/bookings/verdicts.def lists them all. An ordinary refusal is never an exception.
--
-- Locks are always taken in this order, so that no two calls wait for each other in a circle:
--   1. the customer (advisory, pair of keys 1101 and the user's id): her limit of open bookings is
--      counted by one call at a time
--   2. rows of catalogue_staff, in ascending id
--   3. the booking's own row
-- Everything is checked once before any lock: what is refused then has cost no lock, no write and no
-- flush. After the locks only what others can have changed meanwhile is checked again; each statement
-- of a function sees what was committed when it began (READ COMMITTED).

-- One booking as people see it; every statement that answers with bookings has these columns.
CREATE VIEW bookings_card AS
SELECT b.id, b.salon_id, b.service_id, b.staff_id, b.customer_id, b.starts_at, b.ends_at, b.status,
    b.version, b.hold_expires_at, b.price_amount, b.currency, b.deposit_amount, b.fee_amount,
    b.created_at, b.starts_at - make_interval(mins => b.cancel_cutoff_minutes) AS cancel_free_until,
    b.cancelled_by, b.reason, b.notes, salon.timezone,
    salon.name_ar AS salon_name_ar, salon.name_en AS salon_name_en,
    service.name_ar AS service_name_ar, service.name_en AS service_name_en,
    person_label(worker.first_name, worker.last_name, worker.phone_number) AS staff_name,
    person_label(customer.first_name, customer.last_name, customer.phone_number) AS customer_name
FROM bookings_booking b
JOIN catalogue_salon salon ON salon.id = b.salon_id
JOIN catalogue_service service ON service.id = b.service_id
JOIN catalogue_staff staff ON staff.id = b.staff_id
JOIN accounts_user worker ON worker.id = staff.user_id
JOIN accounts_user customer ON customer.id = b.customer_id;

-- local_span: minutes of a local day as a range of time. Empty where a clock change leaves nothing of it.
CREATE FUNCTION local_span(local_day date, from_minute integer, to_minute integer, zone text)
    RETURNS tstzrange
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN tstzrange(local_instant(local_day, from_minute, zone),
    greatest(local_instant(local_day, from_minute, zone), local_instant(local_day, to_minute, zone)));

-- days_ahead: of a weekday, from a day: -1 (that was yesterday) ... 5. What begins yesterday may reach
-- past midnight, what begins tomorrow is reached by a long service; the rest is no neighbour.
CREATE FUNCTION days_ahead(of_weekday integer, from_day date) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (of_weekday - date_part('dow', from_day)::integer + 8) % 7 - 1;

-- staff_clashes: the active bookings of a member of staff that claim any of that time.
-- (This and staff_fitness are inlined by the planner: they cost no call.)
CREATE FUNCTION staff_clashes(staff bigint, wanted tstzrange) RETURNS TABLE (booking_id bigint)
    LANGUAGE sql STABLE AS $$
    SELECT b.id FROM bookings_booking b
    WHERE b.staff_id = staff AND b.claimed && wanted AND b.status IN ('held', 'pending', 'confirmed')
$$;

-- staff_fitness: does this member of staff work during that time, local day `day`, is she off, is she
-- busy? Windows that touch count as one, so a service may run from one into the next.
CREATE FUNCTION staff_fitness(staff bigint, day date, zone text, during tstzrange, wanted tstzrange)
    RETURNS TABLE (works boolean, off boolean, busy boolean)
    LANGUAGE sql STABLE AS $$
    SELECT
        (SELECT coalesce(range_agg(at_work.span) @> during, false)
         FROM (SELECT local_span(day + days_ahead(w.weekday, day), w.starts_minute, w.ends_minute, zone)
               FROM catalogue_staff_window w
               WHERE w.staff_id = staff AND days_ahead(w.weekday, day) <= 1
               UNION ALL
               SELECT tstzrange(x.starts_at, x.ends_at) FROM catalogue_staff_exception x
               WHERE x.staff_id = staff AND x.kind = 'extra' AND x.ends_at >= lower(during)
                   AND x.starts_at <= upper(during)) AS at_work (span)),
        EXISTS (SELECT FROM catalogue_staff_exception x
                WHERE x.staff_id = staff AND x.kind = 'off' AND x.ends_at > lower(during)
                    AND x.starts_at < upper(during)),
        EXISTS (SELECT FROM staff_clashes(staff, wanted))
$$;

-- booking_create: judges and makes one booking.
-- in:  customer (a user's id), salon, service, staff (NULL: the least-loaded member who is free, by
--      active bookings that local day, ties by id), starts_at, notes, open_max (active bookings that a
--      customer may have ahead; 0: no limit), request_id
-- out: one row: verdict; lang (what the customer prefers; NULL: no such customer); card (NULL unless ok)
-- In psql, or from a benchmark (each client its own customers, or they queue for the customer's lock):
--   SELECT verdict, (card).id FROM booking_create(101, 1, 1, 1, '2030-01-06T10:00+03', '', 0, 'psql');
CREATE FUNCTION booking_create(p_customer bigint, p_salon bigint, p_service bigint, p_staff bigint,
    p_starts_at timestamptz, p_notes text, p_open_max integer, p_request_id text,
    OUT verdict text, OUT lang text, OUT card bookings_card)
    LANGUAGE plpgsql AS $$
DECLARE
    live CONSTANT text[] := ARRAY['held', 'pending', 'confirmed'];
    made_at CONSTANT timestamptz := now();
    fact record;
    fit record;
    day date;
    ends timestamptz;
    during tstzrange;
    wanted tstzrange;
    chosen bigint := p_staff;
    staff_label text;
    candidates bigint[];
    taken boolean;
    ahead integer := 0;
BEGIN
    SELECT u.preferred_language, u.is_phone_verified,
        person_label(u.first_name, u.last_name, u.phone_number) AS customer_name,
        salon.id AS salon_id, salon.timezone, salon.grid_minutes, salon.notice_minutes,
        salon.horizon_days, salon.auto_confirm, salon.cancel_cutoff_minutes,
        salon.late_cancel_fee_amount, salon.no_show_fee_amount, salon.deposit_amount,
        salon.name_ar AS salon_name_ar, salon.name_en AS salon_name_en,
        service.id AS service_id, service.duration_minutes, service.buffer_before_minutes,
        service.buffer_after_minutes, service.price_amount, service.currency,
        service.name_ar AS service_name_ar, service.name_en AS service_name_en
    INTO fact
    FROM accounts_user u
    LEFT JOIN catalogue_salon salon ON salon.id = p_salon AND salon.active
    LEFT JOIN catalogue_service service
        ON service.id = p_service AND service.salon_id = salon.id AND service.active
    WHERE u.id = p_customer;
    lang := fact.preferred_language;
    verdict := CASE
        WHEN fact.preferred_language IS NULL THEN 'customer_unknown'
        WHEN fact.salon_id IS NULL THEN 'salon_unknown'
        WHEN fact.service_id IS NULL THEN 'service_unknown'
        WHEN NOT fact.is_phone_verified THEN 'phone_unverified'
        WHEN p_starts_at <= made_at THEN 'past'
        WHEN p_starts_at < made_at + make_interval(mins => fact.notice_minutes) THEN 'too_soon'
        WHEN p_starts_at > made_at + make_interval(hours => 24 * fact.horizon_days) THEN 'too_far'
        WHEN extract(epoch FROM p_starts_at AT TIME ZONE fact.timezone) % (fact.grid_minutes * 60) <> 0
            THEN 'off_grid'
    END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;

    day := (p_starts_at AT TIME ZONE fact.timezone)::date;
    ends := p_starts_at + make_interval(mins => fact.duration_minutes);
    during := tstzrange(p_starts_at, ends);
    wanted := tstzrange(p_starts_at - make_interval(mins => fact.buffer_before_minutes),
                        ends + make_interval(mins => fact.buffer_after_minutes));
    IF NOT coalesce((
        SELECT range_agg(local_span(day + days_ahead(o.weekday, day), o.opens_minute, o.closes_minute,
                                    fact.timezone)) @> during
        FROM catalogue_opening o
        WHERE o.salon_id = p_salon AND days_ahead(o.weekday, day) <= 1), false) THEN
        verdict := 'outside_hours';
        RETURN;
    END IF;

    IF p_staff IS NOT NULL THEN
        SELECT staff.salon_id, staff.active, f.works, f.off, f.busy,
            person_label(worker.first_name, worker.last_name, worker.phone_number) AS staff_name,
            EXISTS (SELECT FROM catalogue_staff_service o
                    WHERE o.staff_id = p_staff AND o.service_id = p_service) AS offers
        INTO fit
        FROM catalogue_staff staff JOIN accounts_user worker ON worker.id = staff.user_id,
            staff_fitness(p_staff, day, fact.timezone, during, wanted) f
        WHERE staff.id = p_staff;
        verdict := CASE
            WHEN fit.active IS NOT TRUE THEN 'staff_unknown'
            WHEN fit.salon_id <> p_salon THEN 'staff_elsewhere'
            WHEN NOT fit.offers THEN 'staff_not_offering'
            WHEN NOT fit.works THEN 'outside_windows'
            WHEN fit.off THEN 'staff_off'
            WHEN fit.busy THEN 'slot_taken'
        END;
    ELSE
        SELECT count(*) AS offering, count(*) FILTER (WHERE f.works) AS working,
            count(*) FILTER (WHERE f.works AND NOT f.off) AS there,
            array_agg(staff.id) FILTER (WHERE f.works AND NOT f.off AND NOT f.busy) AS free
        INTO fit
        FROM catalogue_staff_service o
        JOIN catalogue_staff staff ON staff.id = o.staff_id AND staff.salon_id = p_salon AND staff.active,
            LATERAL staff_fitness(staff.id, day, fact.timezone, during, wanted) f
        WHERE o.service_id = p_service;
        candidates := fit.free;
        verdict := CASE
            WHEN fit.offering = 0 THEN 'nobody_offers'
            WHEN fit.working = 0 THEN 'outside_windows'
            WHEN fit.there = 0 THEN 'staff_off'
            WHEN candidates IS NULL THEN 'slot_taken'
        END;
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;

    IF p_open_max > 0 THEN
        PERFORM pg_advisory_xact_lock(1101, (p_customer % 2147483647)::integer);
        -- The states it is not in: written as the predicate of bookings_no_overlap is, a table without
        -- statistics would be asked through all of that index as well.
        SELECT count(*) INTO ahead FROM bookings_booking b
        WHERE b.customer_id = p_customer AND b.starts_at > made_at
            AND b.status <> ALL (ARRAY['completed', 'cancelled', 'no_show', 'expired']);
        IF ahead >= p_open_max THEN
            verdict := 'too_many_open';
            RETURN;
        END IF;
    END IF;
    IF p_staff IS NOT NULL THEN
        staff_label := fit.staff_name;
        PERFORM FROM catalogue_staff staff WHERE staff.id = p_staff FOR NO KEY UPDATE;
        taken := EXISTS (SELECT FROM staff_clashes(p_staff, wanted));
    ELSE
        PERFORM FROM catalogue_staff staff WHERE staff.id = ANY (candidates)
        ORDER BY staff.id FOR NO KEY UPDATE;
        SELECT staff.id, person_label(worker.first_name, worker.last_name, worker.phone_number)
        INTO chosen, staff_label
        FROM catalogue_staff staff JOIN accounts_user worker ON worker.id = staff.user_id
        WHERE staff.id = ANY (candidates) AND NOT EXISTS (SELECT FROM staff_clashes(staff.id, wanted))
        ORDER BY (SELECT count(*) FROM bookings_booking b
                  WHERE b.staff_id = staff.id AND b.status = ANY (live)
                      AND b.starts_at >= local_instant(day, 0, fact.timezone)
                      AND b.starts_at < local_instant(day + 1, 0, fact.timezone)), staff.id
        LIMIT 1;
        taken := chosen IS NULL;
    END IF;
    IF taken THEN
        -- The row lock gave us a transaction id, but there is nothing whose loss would matter: the
        -- next in line need not wait until our commit is on disk.
        PERFORM set_config('synchronous_commit', 'off', true);
        verdict := 'slot_taken';
        RETURN;
    END IF;

    INSERT INTO bookings_booking AS b (salon_id, service_id, staff_id, customer_id, starts_at, ends_at,
        claimed, status, price_amount, currency, cancel_cutoff_minutes, late_cancel_fee_amount,
        no_show_fee_amount, deposit_amount, created_at, notes)
    VALUES (p_salon, p_service, chosen, p_customer, p_starts_at, ends, wanted,
        CASE WHEN fact.auto_confirm AND fact.deposit_amount = 0 THEN 'confirmed' ELSE 'pending' END,
        fact.price_amount, fact.currency, fact.cancel_cutoff_minutes, fact.late_cancel_fee_amount,
        fact.no_show_fee_amount, fact.deposit_amount, made_at, p_notes)
    RETURNING b.id, b.salon_id, b.service_id, b.staff_id, b.customer_id, b.starts_at, b.ends_at,
        b.status, b.version, b.hold_expires_at, b.price_amount, b.currency, b.deposit_amount,
        b.fee_amount, b.created_at, b.starts_at - make_interval(mins => b.cancel_cutoff_minutes),
        b.cancelled_by, b.reason, b.notes, fact.timezone, fact.salon_name_ar, fact.salon_name_en,
        fact.service_name_ar, fact.service_name_en, staff_label, fact.customer_name
    INTO card;
    INSERT INTO bookings_history (booking_id, version, at, actor_id, actor_role, to_status, request_id)
    VALUES (card.id, card.version, made_at, p_customer, 'customer', card.status, p_request_id);
    verdict := 'ok';
END $$;

-- booking_relation: as what a user may see and change a booking; NULL: not at all. Customers their
-- own, staff theirs, managers those of the salons they own, admins all; the nearest relation counts.
CREATE FUNCTION booking_relation(viewer bigint, viewer_role text, customer bigint, staff bigint,
    salon bigint) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN customer = viewer THEN 'customer'
        WHEN viewer_role = 'customer' THEN NULL
        WHEN EXISTS (SELECT FROM catalogue_staff s WHERE s.id = staff AND s.user_id = viewer) THEN 'staff'
        WHEN viewer_role = 'admin' THEN 'admin'
        WHEN viewer_role = 'manager'
            AND EXISTS (SELECT FROM catalogue_salon s WHERE s.id = salon AND s.owner_id = viewer) THEN 'manager'
    END;
END $$;

-- booking_cancel: an active booking becomes cancelled, which frees its time at once (bookings_no_overlap
-- looks at active rows only).
-- A customer cancels until her booking begins; later than the salon's cut-off a confirmed one costs the
-- late-cancel fee, noted in fee_amount. Those on the salon's side cancel at any time, without a fee.
-- in:  actor (a user's id), booking, reason, request_id
-- out: one row: verdict (ok, customer_unknown, booking_unknown, begun, invalid_transition); lang; card
CREATE FUNCTION booking_cancel(p_actor bigint, p_booking bigint, p_reason text, p_request_id text,
    OUT verdict text, OUT lang text, OUT card bookings_card)
    LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    fee bigint;
    moved integer;
BEGIN
    -- Compare and swap: when another move came between, what it left is judged anew. Each round that
    -- is lost means that somebody else's move was made, and a booking has few of them.
    LOOP
        SELECT u.preferred_language, b.id, b.status, b.version, b.starts_at, b.cancel_cutoff_minutes,
            b.late_cancel_fee_amount,
            booking_relation(u.id, u.role, b.customer_id, b.staff_id, b.salon_id) AS relation
        INTO seen
        FROM accounts_user u LEFT JOIN bookings_booking b ON b.id = p_booking
        WHERE u.id = p_actor;
        lang := seen.preferred_language;
        verdict := CASE
            WHEN seen.preferred_language IS NULL THEN 'customer_unknown'
            WHEN seen.relation IS NULL THEN 'booking_unknown'
            WHEN seen.status NOT IN ('held', 'pending', 'confirmed') THEN 'invalid_transition'
            WHEN seen.relation = 'customer' AND seen.starts_at <= now() THEN 'begun'
        END;
        IF verdict IS NOT NULL THEN
            RETURN;
        END IF;
        fee := CASE WHEN seen.relation = 'customer' AND seen.status = 'confirmed'
            AND now() > seen.starts_at - make_interval(mins => seen.cancel_cutoff_minutes)
            THEN seen.late_cancel_fee_amount ELSE 0 END;
        WITH changed AS (
            UPDATE bookings_booking b SET status = 'cancelled', cancelled_by = seen.relation,
                reason = p_reason, fee_amount = fee, version = b.version + 1
            WHERE b.id = p_booking AND b.version = seen.version
            RETURNING b.version
        )
        INSERT INTO bookings_history (booking_id, version, actor_id, actor_role, from_status, to_status,
            request_id, note)
        SELECT p_booking, changed.version, p_actor, seen.relation, seen.status, 'cancelled', p_request_id,
            p_reason
        FROM changed;
        GET DIAGNOSTICS moved = ROW_COUNT;
        EXIT WHEN moved = 1;
    END LOOP;
    SELECT * INTO card FROM bookings_card c WHERE c.id = p_booking;
    verdict := 'ok';
END $$;
