-- bookings_decide: judges requests for bookings, in order, and makes those that can be: one call
-- for many requests, one answer to each, one transaction.
--
-- A request is granted, or refused for one reason, the first that applies in the order of the code.
-- An ordinary refusal is never an exception, and one request's refusal never touches another's.
-- What may raise nevertheless (somebody writes without taking the locks and meets a constraint, a
-- lock is not to be had in time) undoes the whole call: the caller then asks for each request
-- alone.
--
--     judge -> recall -> lock customers, staff, rooms -> place -> clear -> write -> remember
--              (keys)                    and recall                                 (keys)
--
-- Each step is a function, bookings_*; from one to the next goes an array of wishes (the type
-- booking_wish), in which each leaves what it found.
--
-- Everything is checked once before any lock: what is refused then has cost no lock, no write and
-- no flush. After the locks (in their order, storage/schema/README.md) only what others can have
-- changed meanwhile is checked again; each statement of a function sees what was committed when it
-- began (READ COMMITTED).
--
-- The price of a call is mostly the number of its statements, not of its requests: five when nobody
-- sends keys and no hold is in the way.
--
-- in:  open_max, hold_max: bookings ahead and holds that one customer may have (0: no limit);
--      hold_seconds: how long a hold lasts
--      per request: customer, salon, hold (0 or 1), notes, request_id, lang (the answer's), key and
--      fingerprint (Idempotency-Key; '': none)
--      per service wanted, those of a request side by side: unit (its request, from 1), service,
--      staff (0: anybody), starts_at. All services of a request, or none
-- out: per request either a row for each of its services, or one row with the refusal
-- In psql, or from a benchmark (each client its own customers, or they queue for the customer's
-- lock):
--   SELECT refused, id FROM bookings_decide(0, 2, 600, '{101}', '{1}', '{0}', '{""}', '{psql}',
--       '{en}', '{""}', '{""}', '{1}', '{1}', '{1}', '{2030-01-06T10:00+03}');
CREATE OR REPLACE FUNCTION bookings_decide(p_open_max integer, p_hold_max integer,
    p_hold_seconds integer, p_customer bigint[], p_salon bigint[], p_hold bigint[], p_notes text[],
    p_request_id text[], p_lang text[], p_key text[], p_fingerprint text[],
    p_unit bigint[], p_service bigint[], p_staff bigint[], p_starts_at timestamptz[])
    RETURNS SETOF booking_decision
    LANGUAGE plpgsql
    -- Few rows in, each found by an index: what the planner would learn from looking at the arrays
    -- is nothing, and hashing a whole table would be right for the small ones only.
    SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off AS $$
DECLARE
    judged_by CONSTANT pg_snapshot := pg_current_snapshot(); -- or by a later one
    keyed CONSTANT boolean := '' <> ANY (p_key);
    void text;
    wishes booking_wish[];
    wish booking_wish;
    staff bigint[];
    rooms bigint[];
    given integer := 0;
    shown integer;
BEGIN
    wishes := bookings_judge(p_customer, p_salon, p_unit, p_service, p_staff, p_starts_at);
    IF keyed THEN -- after all those looks: who saw what a duplicate took sees its key as well
        wishes := bookings_recall(wishes, p_unit, p_customer, p_key, p_fingerprint);
    END IF;
    IF bookings_lock_customers(wishes) THEN
        IF keyed THEN -- a duplicate of a request may have been under way
            wishes := bookings_recall(wishes, p_unit, p_customer, p_key, p_fingerprint);
        END IF;
        FOREACH wish IN ARRAY wishes LOOP
            staff := staff || CASE WHEN NOT wish.void THEN wish.free END;
            rooms := rooms || CASE WHEN NOT wish.void THEN wish.rooms END;
        END LOOP;
        void := bookings_lock_staff(staff, rooms, judged_by);
        wishes := bookings_place(wishes, p_customer, p_hold, p_open_max, p_hold_max);
        given := bookings_clear(wishes);
        IF given = 0 THEN
            -- The row locks gave us a transaction id, but there is nothing whose loss would matter:
            -- the next in line need not wait until our commit is on disk.
            void := set_config('synchronous_commit', 'off', true);
        END IF;
    END IF;
    IF given > 0 THEN
        void := bookings_write(wishes, p_hold, p_hold_seconds, p_notes, p_request_id);
        IF keyed THEN
            void := bookings_remember(wishes, p_customer, p_key, p_fingerprint, p_lang);
        END IF;
        RETURN QUERY
        SELECT w.unit, w.item, NULL::text, NULL::text, s.*
        FROM unnest(wishes) w JOIN bookings_shown s ON s.id = w.id;
        GET DIAGNOSTICS shown = ROW_COUNT;
        IF shown <> given THEN
            RAISE EXCEPTION '% bookings given, % written', given, shown;
        END IF;
    END IF;
    IF given < cardinality(wishes) THEN
        RETURN QUERY SELECT * FROM bookings_rest(wishes, p_key);
    END IF;
END $$;
