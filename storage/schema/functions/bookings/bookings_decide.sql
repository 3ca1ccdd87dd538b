-- bookings_decide: judges requests for bookings, in order, and makes those that can be: one call
-- for many requests, one verdict for each, one transaction.
--
-- A verdict is 'ok' or the one cause of the refusal, the first that applies in the order of the
-- code; domain/bookings/verdicts.def lists them all. An ordinary refusal is never an exception, and
-- one request's refusal never touches another's. What may raise nevertheless (somebody writes
-- without taking the locks and meets a constraint, a lock is not to be had in time) undoes the
-- whole call: the caller then asks for each request alone.
--
-- Everything is checked once before any lock: what is refused then has cost no lock, no write and
-- no flush. After the locks (in their order, storage/schema/README.md) only what others can have
-- changed meanwhile is checked again; each statement of a function sees what was committed when it
-- began (READ COMMITTED). Of closings and time off that came in between, the rows of staff tell
-- (rules_xid): the call is undone with a serialization failure, and judged anew by whoever made it.
--
-- The price of a call is mostly the number of its statements, not of its requests: four when nobody
-- sends keys and no hold is in the way.
--
-- in:  open_max, hold_max: bookings ahead and holds that one customer may have (0: no limit);
--      hold_seconds: how long a hold lasts
--      per request: customer, salon, hold (0 or 1), notes, request_id, asked (the language the
--      answer is written in; '': what the customer prefers), key and fingerprint (Idempotency-Key;
--      '': none)
--      per service wanted, those of a request side by side: unit (its request, from 1), service,
--      staff (0: anybody), starts_at. All services of a request, or none.
-- out: per request either a row for each of its services, or one row with the refusal
-- In psql, or from a benchmark (each client its own customers, or they queue for the customer's
-- lock):
--   SELECT verdict, id FROM bookings_decide(0, 2, 600, '{101}', '{1}', '{0}', '{""}', '{psql}',
--       '{""}', '{""}', '{""}', '{1}', '{1}', '{1}', '{2030-01-06T10:00+03}');
CREATE OR REPLACE FUNCTION bookings_decide(p_open_max integer, p_hold_max integer, p_hold_seconds integer,
    p_customer bigint[], p_salon bigint[], p_hold bigint[], p_notes text[], p_request_id text[],
    p_asked text[], p_key text[], p_fingerprint text[],
    p_unit bigint[], p_service bigint[], p_staff bigint[], p_starts_at timestamptz[])
    RETURNS SETOF booking_decision
    LANGUAGE plpgsql
    -- Few rows in, each found by an index: what the planner would learn from looking at the arrays
    -- is nothing, and hashing a whole table would be right for the small ones only.
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
            -- What this call has given away by itself counts as well: those of its services that
            -- are for the same customer, staff, room, at a time that overlaps.
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
            -- One may have been confirmed before it ran out, by somebody whom that has waited for
            -- or who was done before `over` was looked up. Told as the constraint would, which
            -- therefore is not the only one to notice.
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
