-- bookings_recall: which requests with keys had their effect before (replayed), or come with a key
-- that was used for another (KEY_REUSED). That goes before whatever else is said about them.
-- in:  the wishes; per wish: its request. Per request: customer, key and fingerprint ('': none)
-- out: the wishes
CREATE OR REPLACE FUNCTION bookings_recall(wishes booking_wish[], p_unit bigint[],
    p_customer bigint[], p_key text[], p_fingerprint text[]) RETURNS booking_wish[]
    LANGUAGE plpgsql AS $$
DECLARE
    seen record;
    i integer;
BEGIN
    FOR seen IN SELECT s.n, s.refused FROM once_seen(p_customer, p_key, p_fingerprint) s LOOP
        i := array_position(p_unit, seen.n);
        wishes[i].refused := seen.refused;
        wishes[i].replayed := seen.refused IS NULL;
        wishes[i].void := true;
        WHILE p_unit[i + 1] = seen.n LOOP
            i := i + 1;
            wishes[i].refused := NULL;
            wishes[i].void := true;
        END LOOP;
    END LOOP;
    RETURN wishes;
END $$;
