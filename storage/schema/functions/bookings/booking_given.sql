-- booking_given: how many bookings this call has given to the customer of a wish before it.
-- in:  the wishes, this one          out: how many
CREATE OR REPLACE FUNCTION booking_given(wishes booking_wish[], wish booking_wish) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    found integer := 0;
BEGIN
    FOR i IN 1 .. wish.n - 1 LOOP
        IF wishes[i].id IS NOT NULL AND wishes[i].customer_id = wish.customer_id THEN
            found := found + 1;
        END IF;
    END LOOP;
    RETURN found;
END $$;
