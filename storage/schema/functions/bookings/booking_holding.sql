-- booking_holding: how many holds the customer of a wish has, those that this call gave her before
-- it included. A held visit is one hold.
-- in:  the wishes, this one; hold (0 or 1) per request          out: how many
CREATE OR REPLACE FUNCTION booking_holding(wishes booking_wish[], wish booking_wish,
    p_hold bigint[]) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    found integer := customer_holds(wish.customer_id);
BEGIN
    FOR i IN 1 .. wish.n - 1 LOOP
        IF wishes[i].id IS NOT NULL AND wishes[i].customer_id = wish.customer_id
            AND wishes[i].item = 1 AND p_hold[wishes[i].unit] = 1 THEN
            found := found + 1;
        END IF;
    END LOOP;
    RETURN found;
END $$;
