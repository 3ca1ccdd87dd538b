-- What decides about new bookings: one call for many requests, one verdict for each, one transaction.
--
-- A verdict is 'ok' or the one cause of the refusal, the first that applies in the order of the code;
-- domain/bookings/verdicts.def lists them all. An ordinary refusal is never an exception, and one
-- request's refusal never touches another's. What may raise nevertheless (somebody writes without
-- taking the locks and meets a constraint, a lock is not to be had in time) undoes the whole call:
-- the caller then asks for each request alone.
--
-- Locks are always taken in this order, in ascending ids within each, so that no two calls wait for
-- each other in a circle (0012 takes the same):
--   1. customers (advisory, pair of keys 1101 and the user's id): limits and keys of requests are
--      looked at by one call at a time
--   2. rows of catalogue_staff      3. rows of catalogue_room      4. bookings
-- Everything is checked once before any lock: what is refused then has cost no lock, no write and no
-- flush. After the locks only what others can have changed meanwhile is checked again; each statement
-- of a function sees what was committed when it began (READ COMMITTED). Of closings and time off that
-- came in between, the rows of staff tell (rules_xid): the call is undone with a serialization failure,
-- and judged anew by whoever made it.
--
-- The price of a call is mostly the number of its statements, not of its requests: four when nobody
-- sends keys and no hold is in the way.

-- claim_number: seconds since 1970 at which a claim begins, times 2^17, plus its length in seconds. In
-- order of their numbers claims are in order of their beginnings; a claim is at most a day long
-- (bookings_times), which is less than 2^17 seconds.
CREATE FUNCTION claim_number(claimed tstzrange) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(epoch FROM lower(claimed) - timestamptz '1970-01-01 00:00:00+00')::bigint << 17)
    + extract(epoch FROM upper(claimed) - lower(claimed))::bigint;

ALTER TABLE bookings_booking ADD COLUMN claim bigint GENERATED ALWAYS AS (claim_number(claimed)) STORED;
CREATE INDEX bookings_claims ON bookings_booking (staff_id, claim)
    WHERE status IN ('held', 'pending', 'confirmed');

-- claims_before: claims that begin before a time is over have lower numbers than this.
-- Active claims on a member of staff do not overlap, so of those the last also ends last: when that one
-- is not in the way, none is. One step in a b-tree says so (4 us, where the overlap constraint's index
-- took 76 us with 140,000 bookings in it). The planner inlines it.
CREATE FUNCTION claims_before(during tstzrange) RETURNS bigint
    LANGUAGE sql STABLE
RETURN date_part('epoch', upper(during))::bigint << 17;

-- One service wanted at one time, looked at before any lock.
CREATE TYPE booking_prospect AS (
    n integer,          -- its place in the call
    unit integer,       -- the request it belongs to
    customer_id bigint,
    salon_id bigint,
    service_id bigint,
    verdict text,       -- NULL: nothing speaks against it so far
    lang text,          -- what the customer prefers; NULL: no such customer
    anybody boolean,    -- no wish: the least-loaded who is free
    starts_at timestamptz,
    ends_at timestamptz,
    wanted tstzrange,   -- with the service's buffers
    day date,           -- the salon's, and its zone
    timezone text,
    free bigint[],      -- staff who could; one, unless anybody will do
    rooms bigint[]      -- rooms that fit; NULL: it needs none
);

-- The rest of a question whose usual answer is one index look-up: is the salon open, or the member at
-- work, all that time, when stretches are put together (windows that touch, nights, extra hours)?
-- Functions of their own, so that a statement that does not need them need not prepare for them.
CREATE FUNCTION salon_open_over(salon bigint, day date, zone text, during tstzrange) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT range_agg(local_span(day + days_ahead(o.weekday, day), o.opens_minute, o.closes_minute, zone))
            @> during
        FROM catalogue_opening o WHERE o.salon_id = salon AND days_ahead(o.weekday, day) <= 1), false);
END $$;
CREATE FUNCTION staff_works_over(staff bigint, day date, zone text, during tstzrange) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT f.works FROM staff_fitness(staff, day, zone, during, during) f);
END $$;

-- service_rooms: where a service can take place.
CREATE FUNCTION service_rooms(service bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(SELECT r.id FROM catalogue_service_room q JOIN catalogue_room r ON r.id = q.room_id
                 WHERE q.service_id = service AND r.active ORDER BY r.id);
END $$;

-- booking_prospects: judges services wanted by everything that needs no lock and one member of staff.
-- The planner inlines it.
-- in:  per request: customer, salon. Per service wanted: request, service, staff (0: anybody, see
--      booking_candidates), starts_at.
--      moved: the booking that is to move there (NULL: new ones); it keeps its length and is not in its
--      own way. pressing: notice is waived, and the horizon is as wide as any salon's may be
--      (the salon's own people).
CREATE FUNCTION booking_prospects(p_customer bigint[], p_salon bigint[], p_unit bigint[],
    p_service bigint[], p_staff bigint[], p_starts_at timestamptz[], moved bookings_booking, pressing boolean)
    RETURNS SETOF booking_prospect
    LANGUAGE sql STABLE AS $$
    SELECT i.n::integer, i.unit::integer, p_customer[i.unit], p_salon[i.unit], i.service,
        CASE
            WHEN u.id IS NULL THEN 'customer_unknown'
            WHEN salon.id IS NULL THEN 'salon_unknown'
            WHEN service.id IS NULL OR NOT (service.active OR (moved).id IS NOT NULL) THEN 'service_unknown'
            WHEN NOT u.is_phone_verified THEN 'phone_unverified'
            WHEN i.starts_at <= now() THEN 'past'
            WHEN i.starts_at < now() + make_interval(mins => salon.notice_minutes) AND NOT pressing
                THEN 'too_soon'
            WHEN i.starts_at > now() + make_interval(hours => 24 * CASE WHEN pressing THEN 366 ELSE salon.horizon_days END)
                THEN 'too_far'
            WHEN date_bin(make_interval(mins => salon.grid_minutes), t.local, '2000-01-01') <> t.local
                THEN 'off_grid'
            WHEN NOT (EXISTS (SELECT FROM catalogue_opening o
                              WHERE o.salon_id = p_salon[i.unit] AND o.weekday = t.dow
                                  AND local_instant(t.day, o.opens_minute, salon.timezone) <= i.starts_at
                                  AND local_instant(t.day, o.closes_minute, salon.timezone) >= t.ends_at)
                      OR salon_open_over(salon.id, t.day, salon.timezone, tstzrange(i.starts_at, t.ends_at)))
                THEN 'outside_hours'
            WHEN i.staff = 0 THEN NULL
            WHEN s.active IS NOT TRUE THEN 'staff_unknown'
            WHEN s.salon_id <> p_salon[i.unit] THEN 'staff_elsewhere'
            WHEN NOT EXISTS (SELECT FROM catalogue_staff_service o
                             WHERE o.staff_id = s.id AND o.service_id = i.service) THEN 'staff_not_offering'
            WHEN NOT (EXISTS (SELECT FROM catalogue_staff_window w
                              WHERE w.staff_id = s.id AND w.weekday = t.dow
                                  AND local_instant(t.day, w.starts_minute, salon.timezone) <= i.starts_at
                                  AND local_instant(t.day, w.ends_minute, salon.timezone) >= t.ends_at)
                      OR staff_works_over(s.id, t.day, salon.timezone, tstzrange(i.starts_at, t.ends_at)))
                THEN 'outside_windows'
            WHEN EXISTS (SELECT FROM catalogue_staff_exception x
                         WHERE x.staff_id = s.id AND x.kind = 'off' AND x.ends_at > i.starts_at
                             AND x.starts_at < t.ends_at) THEN 'staff_off'
            WHEN (SELECT b.claimed && t.wanted AND (b.status <> 'held' OR b.hold_expires_at > now())
                      AND b.id IS DISTINCT FROM (moved).id
                  FROM bookings_booking b
                  WHERE b.staff_id = s.id AND b.claim < claims_before(t.wanted)
                      AND b.status IN ('held', 'pending', 'confirmed')
                  ORDER BY b.claim DESC LIMIT 1) THEN 'slot_taken'
        END,
        u.preferred_language, i.staff = 0, i.starts_at, t.ends_at, t.wanted, t.day, salon.timezone,
        CASE WHEN i.staff <> 0 THEN ARRAY[i.staff] END,
        CASE WHEN service.needs_room THEN service_rooms(service.id) END
    FROM unnest(p_unit, p_service, p_staff, p_starts_at) WITH ORDINALITY AS i (unit, service, staff, starts_at, n)
    LEFT JOIN accounts_user u ON u.id = p_customer[i.unit]
    LEFT JOIN catalogue_salon salon ON salon.id = p_salon[i.unit] AND salon.active
    LEFT JOIN catalogue_service service ON service.id = i.service AND service.salon_id = p_salon[i.unit]
    LEFT JOIN catalogue_staff s ON s.id = i.staff
    CROSS JOIN LATERAL (
        SELECT l.local, l.local::date AS day, date_part('dow', l.local)::integer AS dow, l.ends_at,
            tstzrange(i.starts_at - coalesce((moved).starts_at - lower((moved).claimed),
                                             make_interval(mins => service.buffer_before_minutes)),
                      l.ends_at + coalesce(upper((moved).claimed) - (moved).ends_at,
                                           make_interval(mins => service.buffer_after_minutes))) AS wanted
        FROM (SELECT i.starts_at AT TIME ZONE salon.timezone AS local,
                  i.starts_at + coalesce((moved).ends_at - (moved).starts_at,
                                         make_interval(mins => service.duration_minutes)) AS ends_at OFFSET 0) l
        OFFSET 0) t
$$;

-- booking_candidates: for a service that anybody may do: who could.
-- out: verdict (NULL: somebody can); free, in no order
CREATE FUNCTION booking_candidates(p booking_prospect, moved bigint, OUT verdict text, OUT free bigint[])
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    offering bigint;
    working bigint;
    there bigint;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE f.works), count(*) FILTER (WHERE f.works AND NOT f.off),
        array_agg(s.id) FILTER (WHERE f.works AND NOT f.off AND NOT EXISTS (
            SELECT FROM bookings_booking b
            WHERE b.staff_id = s.id AND b.claimed && p.wanted AND b.status IN ('held', 'pending', 'confirmed')
                AND (b.status <> 'held' OR b.hold_expires_at > now()) AND b.id IS DISTINCT FROM moved))
    INTO offering, working, there, free
    FROM catalogue_staff_service o
    JOIN catalogue_staff s ON s.id = o.staff_id AND s.salon_id = p.salon_id AND s.active,
        LATERAL staff_fitness(s.id, p.day, p.timezone, tstzrange(p.starts_at, p.ends_at), p.wanted) f
    WHERE o.service_id = p.service_id;
    verdict := CASE
        WHEN offering = 0 THEN 'nobody_offers'
        WHEN working = 0 THEN 'outside_windows'
        WHEN there = 0 THEN 'staff_off'
        WHEN free IS NULL THEN 'slot_taken'
    END;
END $$;

-- The rest of what is looked at behind the locks, for the services that need it: whom of the candidates
-- is free and how much she has to do that day; which room is free; how many holds a customer has.
-- `stale`: holds that have run out are in the way (holds_over says which). Volatile, so that each looks at what
-- is committed when it is called.
CREATE FUNCTION booking_team(p booking_prospect, moved bigint,
    OUT free bigint[], OUT loads integer[], OUT stale boolean)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg(f.staff ORDER BY f.load, f.staff) FILTER (WHERE f.busy = 0),
        array_agg(f.load ORDER BY f.load, f.staff) FILTER (WHERE f.busy = 0),
        bool_or(f.stale)
    INTO free, loads, stale
    FROM (
        SELECT s.staff, clash.busy, clash.stale, (
            SELECT count(*)::integer FROM bookings_booking b
            WHERE b.staff_id = s.staff AND b.starts_at >= local_instant(p.day, 0, p.timezone)
                AND b.starts_at < local_instant(p.day + 1, 0, p.timezone)
                AND b.status IN ('held', 'pending', 'confirmed')
                AND (b.status <> 'held' OR b.hold_expires_at > now()) AND b.id IS DISTINCT FROM moved) AS load
        FROM unnest(p.free) AS s (staff)
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE b.status <> 'held' OR b.hold_expires_at > now()) AS busy,
                bool_or(b.status = 'held' AND b.hold_expires_at <= now()) AS stale
            FROM bookings_booking b
            WHERE b.staff_id = s.staff AND b.claimed && p.wanted
                AND b.status IN ('held', 'pending', 'confirmed') AND b.id IS DISTINCT FROM moved) clash
    ) f;
END $$;
CREATE FUNCTION booking_house(p booking_prospect, moved bigint, OUT free bigint[], OUT stale boolean)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg(s.room ORDER BY s.room) FILTER (WHERE clash.busy = 0),
        bool_or(clash.stale)
    INTO free, stale
    FROM unnest(p.rooms) AS s (room)
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE b.status <> 'held' OR b.hold_expires_at > now()) AS busy,
            bool_or(b.status = 'held' AND b.hold_expires_at <= now()) AS stale
        FROM bookings_booking b
        WHERE b.room_id = s.room AND b.claimed && p.wanted AND b.room_id IS NOT NULL
            AND b.status IN ('held', 'pending', 'confirmed') AND b.id IS DISTINCT FROM moved) clash;
END $$;
CREATE FUNCTION customer_holds(customer bigint) RETURNS integer -- a held visit is one hold
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(DISTINCT coalesce(b.visit_id, b.id)) FROM bookings_booking b
            WHERE b.customer_id = customer AND b.starts_at > now() AND b.status = 'held'
                AND b.hold_expires_at > now());
END $$;

-- One row of an answer: the verdict on a request and, if it is 'ok' or 'replay', a booking.
CREATE TYPE booking_decision AS (
    unit integer,  -- the request
    item integer,  -- the service of it that the row is about, from 1; of a refusal: the one refused
    verdict text,
    lang text,     -- of 'replay': in which it was answered; else what the customer prefers (NULL: none such)
    id bigint, salon_id bigint, service_id bigint, staff_id bigint, customer_id bigint,
    starts_at timestamptz, ends_at timestamptz, status text, version integer,
    hold_expires_at timestamptz, price_amount bigint, currency text, deposit_amount bigint,
    fee_amount bigint, created_at timestamptz, cancel_free_until timestamptz, cancelled_by text,
    reason text, notes text, visit_id bigint, room_id bigint, timezone text, salon_name_ar text,
    salon_name_en text, service_name_ar text, service_name_en text, staff_name text, customer_name text
);

-- idempotency_seen: which of the requests with keys were answered before.
-- out: n; verdict: 'replay', or 'key_reused' when the key came with another request
CREATE FUNCTION idempotency_seen(p_caller bigint[], p_key text[], p_fingerprint text[])
    RETURNS TABLE (n bigint, verdict text)
    LANGUAGE sql STABLE AS $$
    SELECT r.n, CASE WHEN k.fingerprint = r.fingerprint THEN 'replay' ELSE 'key_reused' END
    FROM unnest(p_caller, p_key, p_fingerprint) WITH ORDINALITY AS r (caller, key, fingerprint, n)
    JOIN idempotency_key k ON k.caller_id = r.caller AND k.key = r.key AND k.expires_at > now()
    WHERE r.key <> ''
$$;

-- holds_over: the holds in the way at that time that have run out: the constraint does not know what time
-- it is, so every one of them has to be written down as expired first.
-- in: staff and rooms that are wanted, moved (NULL: none): the booking that is to move there
CREATE FUNCTION holds_over(p_staff bigint[], p_rooms bigint[], wanted tstzrange, moved bigint) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY(SELECT b.id FROM bookings_booking b
                 WHERE b.status = 'held' AND b.hold_expires_at <= now() AND b.claimed && wanted
                     AND (b.staff_id = ANY (p_staff) OR b.room_id = ANY (p_rooms))
                     AND b.id IS DISTINCT FROM moved);
END $$;

-- holds_expire: writes down that holds have run out. One that is just being confirmed is waited for, and
-- then left alone; the caller holds locks of staff by now, and whoever confirms never asks for those.
-- in: ids      out: how many
CREATE FUNCTION holds_expire(p_ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    expired bigint;
BEGIN
    WITH over AS (
        SELECT b.id FROM bookings_booking b
        WHERE b.id = ANY (p_ids) AND b.status = 'held' AND b.hold_expires_at <= now()
        ORDER BY b.id FOR NO KEY UPDATE
    ), moved AS (
        UPDATE bookings_booking b SET status = 'expired', version = b.version + 1
        FROM over WHERE b.id = over.id RETURNING b.id, b.version
    ), noted AS (
        INSERT INTO bookings_history (booking_id, version, actor_role, from_status, to_status, owed_amount)
        SELECT moved.id, moved.version, 'system', 'held', 'expired', 0 FROM moved
    )
    SELECT count(*) INTO expired FROM moved;
    RETURN expired;
END $$;

-- bookings_decide: judges requests for bookings, in order, and makes those that can be.
-- in:  open_max, hold_max: bookings ahead and holds that one customer may have (0: no limit);
--      hold_seconds: how long a hold lasts
--      per request: customer, salon, hold (0 or 1), notes, request_id, asked (the language the answer
--      is written in; '': what the customer prefers), key and fingerprint (Idempotency-Key; '': none)
--      per service wanted, those of a request side by side: unit (its request, from 1), service,
--      staff (0: anybody), starts_at. All services of a request, or none.
-- out: per request either a row for each of its services, or one row with the refusal
-- In psql, or from a benchmark (each client its own customers, or they queue for the customer's lock):
--   SELECT verdict, id FROM bookings_decide(0, 2, 600, '{101}', '{1}', '{0}', '{""}', '{psql}', '{""}',
--       '{""}', '{""}', '{1}', '{1}', '{1}', '{2030-01-06T10:00+03}');
CREATE FUNCTION bookings_decide(p_open_max integer, p_hold_max integer, p_hold_seconds integer,
    p_customer bigint[], p_salon bigint[], p_hold bigint[], p_notes text[], p_request_id text[],
    p_asked text[], p_key text[], p_fingerprint text[],
    p_unit bigint[], p_service bigint[], p_staff bigint[], p_starts_at timestamptz[])
    RETURNS SETOF booking_decision
    LANGUAGE plpgsql
    -- Few rows in, each found by an index: what the planner would learn from looking at the arrays is
    -- nothing, and hashing a whole table would be right for the small ones only.
    SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off AS $$
DECLARE
    made_at CONSTANT timestamptz := now();
    judged_by CONSTANT pg_snapshot := pg_current_snapshot(); -- or by a later one
    units CONSTANT integer := cardinality(p_customer);
    items CONSTANT integer := cardinality(p_unit);
    keyed CONSTANT boolean := '' <> ANY (p_key);
    void text;
    seen record;
    spot record;
    row booking_decision;
    prospects booking_prospect[];
    verdicts text[] := array_fill(NULL::text, ARRAY[units]);
    refused_item integer[];
    staff_ids bigint[] := p_staff; -- to be locked; more than needed does no harm
    room_ids bigint[];
    undecided boolean; -- is there a request that nothing speaks against so far
    u integer;
    unit_now integer := 0;
    unit_first integer := 1; -- the first service of the request that is being looked at
    -- What was decided, by service.
    ids bigint[] := array_fill(NULL::bigint, ARRAY[items]);
    staffs bigint[] := ids; -- as long as ids, so that the three stay side by side
    rooms bigint[] := ids;
    made integer := 0;
    member bigint;
    room bigint;
    given bigint[] := '{}'; -- members who got services in this call, and when
    taken tstzmultirange[] := '{}';
    i_given integer;
    best integer;
    load integer;
    free bigint[];
    loads integer[];
    stale boolean;
    over bigint[]; -- holds in the way that have run out
    stales integer[] := '{}'; -- the services they are in the way of
    ahead integer;
    holding integer;
    written integer;
BEGIN
    SELECT array_agg(p ORDER BY p.n) INTO prospects
    FROM booking_prospects(p_customer, p_salon, p_unit, p_service, p_staff, p_starts_at, NULL, false) p;
    FOR i IN 1 .. items LOOP
        spot := prospects[i];
        u := spot.unit;
        IF u <> unit_now THEN
            unit_now := u;
            unit_first := i;
        END IF;
        CONTINUE WHEN verdicts[u] IS NOT NULL;
        IF spot.anybody AND spot.verdict IS NULL THEN
            SELECT c.* INTO seen FROM booking_candidates(prospects[i], NULL) c;
            spot.verdict := seen.verdict;
            prospects[i].free := seen.free;
            staff_ids := staff_ids || seen.free;
        END IF;
        IF spot.verdict IS NULL AND spot.rooms IS NOT NULL THEN
            room_ids := room_ids || spot.rooms;
            IF spot.rooms = '{}' THEN
                spot.verdict := 'nobody_offers';
            END IF;
        END IF;
        IF spot.verdict IS NOT NULL THEN
            verdicts[u] := spot.verdict;
            refused_item[u] := i - unit_first + 1;
        END IF;
    END LOOP;
    IF keyed THEN -- after all those looks: who saw what a twin took sees the twin's key as well
        FOR seen IN SELECT * FROM idempotency_seen(p_customer, p_key, p_fingerprint) LOOP
            verdicts[seen.n] := seen.verdict;
        END LOOP;
    END IF;
    undecided := array_position(verdicts, NULL) IS NOT NULL;

    IF undecided THEN
        IF units = 1 THEN
            void := pg_advisory_xact_lock(1101, (p_customer[1] % 2147483647)::integer);
        ELSE
            -- One member of staff whom somebody keeps locked must not hold up all others for long.
            void := set_config('lock_timeout', '1s', true);
            PERFORM pg_advisory_xact_lock(1101, c.key)
            FROM (SELECT DISTINCT (r.customer % 2147483647)::integer AS key
                  FROM unnest(p_customer, verdicts) AS r (customer, verdict)
                  WHERE r.verdict IS NULL ORDER BY 1) c;
        END IF;
        IF keyed THEN -- a twin of a request may have been under way
            FOR seen IN SELECT * FROM idempotency_seen(p_customer, p_key, p_fingerprint) LOOP
                verdicts[seen.n] := seen.verdict;
            END LOOP;
        END IF;
        WITH held AS MATERIALIZED (
            SELECT s.rules_xid FROM catalogue_staff s WHERE s.id = ANY (staff_ids)
            ORDER BY s.id FOR NO KEY UPDATE
        )
        SELECT count(*) INTO written FROM held WHERE NOT pg_visible_in_snapshot(held.rules_xid, judged_by);
        IF written > 0 THEN
            RAISE EXCEPTION 'judged by what is no more' USING ERRCODE = 'serialization_failure';
        END IF;
        IF room_ids IS NOT NULL THEN
            PERFORM FROM catalogue_room r WHERE r.id = ANY (room_ids) ORDER BY r.id FOR NO KEY UPDATE;
        END IF;

        -- Behind the locks: what is free now, and how many bookings the customer has.
        unit_now := 0;
        FOR spot IN
            SELECT p.n, p.unit, p.customer_id, p.anybody, p.wanted, p.day, p.free, p.rooms, (
                    SELECT count(*)::integer FROM bookings_booking b
                    WHERE b.customer_id = p.customer_id AND b.starts_at > made_at
                        AND b.status IN ('held', 'pending', 'confirmed')
                        AND (b.status <> 'held' OR b.hold_expires_at > made_at)) AS ahead, (
                    SELECT b.claimed && p.wanted FROM bookings_booking b
                    WHERE b.staff_id = p.free[1] AND b.claim < claims_before(p.wanted)
                        AND b.status IN ('held', 'pending', 'confirmed')
                    ORDER BY b.claim DESC LIMIT 1) AS near
            FROM unnest(prospects) p
        LOOP
            u := spot.unit;
            IF u <> unit_now THEN
                unit_now := u;
                unit_first := spot.n;
            END IF;
            CONTINUE WHEN verdicts[u] IS NOT NULL;
            -- What this call has given away by itself counts as well: those of its services that are
            -- for the same customer, staff, room, at a time that overlaps.
            ahead := spot.ahead;
            IF made > 0 AND (spot.n > unit_first OR array_position(p_customer, spot.customer_id) < u) THEN
                FOR i IN 1 .. spot.n - 1 LOOP
                    IF ids[i] IS NOT NULL AND prospects[i].customer_id = spot.customer_id THEN
                        ahead := ahead + 1;
                    END IF;
                END LOOP;
            END IF;
            member := NULL;
            room := NULL;
            stale := false;
            IF p_hold[u] = 1 AND p_hold_max > 0 AND spot.n = unit_first THEN
                holding := customer_holds(spot.customer_id);
                FOR i IN 1 .. spot.n - 1 LOOP
                    IF ids[i] IS NOT NULL AND prospects[i].customer_id = spot.customer_id
                        AND p_hold[p_unit[i]] = 1 AND (i = 1 OR p_unit[i] <> p_unit[i - 1]) THEN
                        holding := holding + 1;
                    END IF;
                END LOOP;
                IF holding >= p_hold_max THEN
                    verdicts[u] := 'too_many_holds';
                END IF;
            END IF;
            IF verdicts[u] IS NOT NULL THEN
                NULL;
            ELSIF p_open_max > 0 AND ahead >= p_open_max THEN
                verdicts[u] := 'too_many_open';
            ELSIF NOT spot.anybody AND spot.near IS NOT TRUE THEN
                member := spot.free[1];
                IF taken[array_position(given, member)] && spot.wanted THEN
                    member := NULL;
                END IF;
            ELSE
                SELECT t.* INTO free, loads, stale FROM booking_team(prospects[spot.n], NULL) t;
                best := NULL;
                FOR j IN 1 .. coalesce(cardinality(free), 0) LOOP
                    load := loads[j];
                    IF array_position(given, free[j]) IS NOT NULL THEN
                        CONTINUE WHEN taken[array_position(given, free[j])] && spot.wanted;
                        FOR i IN 1 .. spot.n - 1 LOOP
                            CONTINUE WHEN ids[i] IS NULL OR staffs[i] <> free[j];
                            load := load + (prospects[i].day = spot.day)::integer;
                        END LOOP;
                    END IF;
                    IF best IS NULL OR load < best OR (load = best AND free[j] < member) THEN
                        best := load;
                        member := free[j];
                    END IF;
                END LOOP;
            END IF;
            IF member IS NOT NULL AND spot.rooms IS NOT NULL THEN
                SELECT h.* INTO seen FROM booking_house(prospects[spot.n], NULL) h;
                stale := stale OR seen.stale;
                room := (SELECT r.room FROM unnest(seen.free) AS r (room)
                         WHERE NOT EXISTS (SELECT FROM generate_series(1, spot.n - 1) i
                                           WHERE ids[i] IS NOT NULL AND rooms[i] = r.room
                                               AND prospects[i].wanted && spot.wanted)
                         ORDER BY 1 LIMIT 1);
                IF room IS NULL THEN
                    member := NULL;
                END IF;
            END IF;
            IF member IS NOT NULL THEN
                ids[spot.n] := nextval('bookings_booking_id_seq');
                staffs[spot.n] := member;
                rooms[spot.n] := room;
                made := made + 1;
                i_given := array_position(given, member);
                IF i_given IS NULL THEN
                    given := given || member;
                    taken := taken || tstzmultirange(spot.wanted);
                ELSE
                    taken[i_given] := taken[i_given] + tstzmultirange(spot.wanted);
                END IF;
                IF stale THEN
                    over := over || holds_over(ARRAY[member], ARRAY[room], spot.wanted, NULL);
                    stales := stales || spot.n;
                END IF;
                CONTINUE;
            END IF;
            verdicts[u] := coalesce(verdicts[u], 'slot_taken');
            refused_item[u] := spot.n - unit_first + 1;
            FOR i IN unit_first .. spot.n - 1 LOOP -- all services of a visit, or none
                ids[i] := NULL;
                made := made - 1;
                i_given := array_position(given, staffs[i]);
                taken[i_given] := taken[i_given] - tstzmultirange(prospects[i].wanted);
            END LOOP;
        END LOOP;
    END IF;

    IF made > 0 THEN
        IF stales <> '{}' THEN
            PERFORM holds_expire(over);
            -- One may have been confirmed before it ran out, by somebody whom that has waited for or who was done
            -- before `over` was looked up. Told as the constraint would, which therefore is not the only one to notice.
            IF EXISTS (SELECT FROM unnest(stales) AS s (n), bookings_booking b
                       WHERE ids[s.n] IS NOT NULL AND (b.staff_id = staffs[s.n] OR b.room_id = rooms[s.n])
                           AND b.claimed && prospects[s.n].wanted AND b.status IN ('held', 'pending', 'confirmed')) THEN
                RAISE EXCEPTION 'bookings_no_overlap: a hold in the way was confirmed meanwhile'
                    USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'bookings_no_overlap';
            END IF;
        END IF;
        RETURN QUERY
        WITH new AS MATERIALIZED (
            SELECT p.n, p.unit, p.lang, p.id, p.salon_id, p.service_id, p.staff_id, p.customer_id,
                p.starts_at, p.ends_at, p.wanted, CASE
                    WHEN p_hold[p.unit] = 1 THEN 'held'
                    WHEN salon.auto_confirm AND salon.deposit_amount = 0 THEN 'confirmed'
                    ELSE 'pending' END AS status,
                CASE WHEN p_hold[p.unit] = 1 THEN made_at + make_interval(secs => p_hold_seconds) END
                    AS hold_expires_at,
                service.price_amount, service.currency, salon.cancel_cutoff_minutes,
                salon.late_cancel_fee_amount, salon.no_show_fee_amount, salon.deposit_amount,
                salon.auto_confirm, p_notes[p.unit] AS notes, p.room_id,
                CASE WHEN p_unit[p.n - 1] = p.unit OR p_unit[p.n + 1] = p.unit
                    THEN ids[array_position(p_unit, p.unit::bigint)] END AS visit_id,
                salon.timezone, salon.name_ar AS salon_name_ar, salon.name_en AS salon_name_en,
                service.name_ar AS service_name_ar, service.name_en AS service_name_en,
                person_label(worker.first_name, worker.last_name, worker.phone_number) AS staff_name,
                person_label(customer.first_name, customer.last_name, customer.phone_number) AS customer_name
            FROM ROWS FROM (unnest(prospects), unnest(ids), unnest(staffs), unnest(rooms))
                AS p (n, unit, customer_id, salon_id, service_id, verdict, lang, anybody, starts_at, ends_at,
                      wanted, day, timezone, free, fit, id, staff_id, room_id)
            JOIN catalogue_salon salon ON salon.id = p.salon_id
            JOIN catalogue_service service ON service.id = p.service_id
            JOIN catalogue_staff staff ON staff.id = p.staff_id
            JOIN accounts_user worker ON worker.id = staff.user_id
            JOIN accounts_user customer ON customer.id = p.customer_id
            WHERE p.id IS NOT NULL
        ), kept AS (
            INSERT INTO bookings_booking (id, salon_id, service_id, staff_id, customer_id, starts_at, ends_at,
                claimed, status, hold_expires_at, price_amount, currency, cancel_cutoff_minutes,
                late_cancel_fee_amount, no_show_fee_amount, deposit_amount, auto_confirm, created_at, notes,
                room_id, visit_id)
            OVERRIDING SYSTEM VALUE
            SELECT m.id, m.salon_id, m.service_id, m.staff_id, m.customer_id, m.starts_at, m.ends_at, m.wanted,
                m.status, m.hold_expires_at, m.price_amount, m.currency, m.cancel_cutoff_minutes,
                m.late_cancel_fee_amount, m.no_show_fee_amount, m.deposit_amount, m.auto_confirm, made_at,
                m.notes, m.room_id, m.visit_id
            FROM new m
        ), noted AS (
            INSERT INTO bookings_history (booking_id, version, at, actor_id, actor_role, to_status, request_id)
            SELECT m.id, 1, made_at, m.customer_id, 'customer', m.status, p_request_id[m.unit] FROM new m
        )
        SELECT m.unit, m.n - array_position(p_unit, m.unit::bigint) + 1, 'ok', m.lang, m.id, m.salon_id, m.service_id, m.staff_id, m.customer_id,
            m.starts_at, m.ends_at, m.status, 1, m.hold_expires_at, m.price_amount, m.currency,
            m.deposit_amount, 0::bigint, made_at,
            m.starts_at - make_interval(mins => m.cancel_cutoff_minutes), NULL::text, '', m.notes,
            m.visit_id, m.room_id, m.timezone, m.salon_name_ar, m.salon_name_en, m.service_name_ar,
            m.service_name_en, m.staff_name, m.customer_name
        FROM new m;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written <> made THEN
            RAISE EXCEPTION '% bookings decided, % written', made, written;
        END IF;
        IF keyed THEN
            INSERT INTO idempotency_key AS k (caller_id, key, fingerprint, lang, status, answer)
            SELECT p_customer[r.unit], p_key[r.unit], p_fingerprint[r.unit],
                coalesce(nullif(p_asked[r.unit], ''), max(r.lang)), 201, jsonb_agg(to_jsonb(s) ORDER BY s.id)
            FROM (SELECT p.unit, p.lang, i.id FROM unnest(prospects) p, unnest(ids) WITH ORDINALITY AS i (id, n)
                  WHERE i.n = p.n) r
            JOIN bookings_shown s ON s.id = r.id
            WHERE p_key[r.unit] <> ''
            GROUP BY r.unit
            -- A key that has run out is as good as none; one that has not was found above.
            ON CONFLICT (caller_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
                lang = excluded.lang, status = excluded.status, answer = excluded.answer,
                expires_at = excluded.expires_at
            WHERE k.expires_at <= now();
        END IF;
    ELSIF undecided THEN
        -- The row locks gave us a transaction id, but there is nothing whose loss would matter: the
        -- next in line need not wait until our commit is on disk.
        void := set_config('synchronous_commit', 'off', true);
    END IF;

    FOR i IN 1 .. CASE WHEN made = items THEN 0 ELSE items END LOOP
        u := p_unit[i];
        CONTINUE WHEN verdicts[u] IS NULL OR (i > 1 AND p_unit[i - 1] = u);
        IF verdicts[u] = 'replay' THEN
            RETURN QUERY
            SELECT u, s.n::integer, 'replay', k.lang, s.id, s.salon_id, s.service_id, s.staff_id,
                s.customer_id, s.starts_at, s.ends_at, s.status, s.version, s.hold_expires_at,
                s.price_amount, s.currency, s.deposit_amount, s.fee_amount, s.created_at,
                s.cancel_free_until, s.cancelled_by, s.reason, s.notes, s.visit_id, s.room_id, s.timezone,
                s.salon_name_ar, s.salon_name_en, s.service_name_ar, s.service_name_en, s.staff_name,
                s.customer_name
            FROM idempotency_key k, LATERAL ROWS FROM (jsonb_populate_recordset(NULL::bookings_shown, k.answer))
                WITH ORDINALITY AS s (id, salon_id, service_id, staff_id, customer_id, starts_at, ends_at,
                    status, version, hold_expires_at, price_amount, currency, deposit_amount, fee_amount,
                    created_at, cancel_free_until, cancelled_by, reason, notes, visit_id, room_id, timezone,
                    salon_name_ar, salon_name_en, service_name_ar, service_name_en, staff_name,
                    customer_name, n)
            WHERE k.caller_id = p_customer[u] AND k.key = p_key[u];
        ELSE
            row := NULL;
            row.unit := u;
            row.item := refused_item[u];
            row.verdict := verdicts[u];
            row.lang := prospects[i].lang;
            RETURN NEXT row;
        END IF;
    END LOOP;
END $$;

-- booking_create: bookings_decide for one booking, as programs older than this migration ask for it.
CREATE OR REPLACE FUNCTION booking_create(p_customer bigint, p_salon bigint, p_service bigint, p_staff bigint,
    p_starts_at timestamptz, p_notes text, p_open_max integer, p_request_id text,
    OUT verdict text, OUT lang text, OUT card bookings_card)
    LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    SELECT d.verdict, d.lang, d.id INTO verdict, lang, made
    FROM bookings_decide(p_open_max, 0, 0, ARRAY[p_customer], ARRAY[p_salon], '{0}', ARRAY[p_notes],
        ARRAY[p_request_id], '{""}', '{""}', '{""}', '{1}', ARRAY[p_service], ARRAY[coalesce(p_staff, 0)],
        ARRAY[p_starts_at]) d;
    SELECT * INTO card FROM bookings_card c WHERE c.id = made;
END $$;
