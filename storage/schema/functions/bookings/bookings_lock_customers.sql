-- bookings_lock_customers: the first of the locks (their order: storage/schema/README.md):
-- customers of requests that nothing speaks against so far, so that their limits and keys are
-- looked at by one call at a time. When there are many requests, one row of staff that somebody
-- keeps locked must not hold up all of them for long: no lock is waited for more than a second from
-- here on.
-- in:  the wishes          out: is there such a request
CREATE OR REPLACE FUNCTION bookings_lock_customers(wishes booking_wish[]) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    void text;
BEGIN
    IF wishes[cardinality(wishes)].unit = 1 THEN
        IF wishes[1].void THEN
            RETURN false;
        END IF;
        void := pg_advisory_xact_lock(1101, (wishes[1].customer_id % 2147483647)::integer);
        RETURN true;
    END IF;
    void := set_config('lock_timeout', '1s', true);
    PERFORM pg_advisory_xact_lock(1101, c.key)
    FROM (SELECT DISTINCT (w.customer_id % 2147483647)::integer AS key
          FROM unnest(wishes) w WHERE NOT w.void ORDER BY 1) c;
    RETURN FOUND;
END $$;
