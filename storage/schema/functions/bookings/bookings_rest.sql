-- bookings_rest: what is answered to those who got nothing by this call: the refusal, or what was
-- answered before, for the same key.
-- in:  the wishes; key per request          out: as bookings_decide
CREATE OR REPLACE FUNCTION bookings_rest(wishes booking_wish[], p_key text[])
    RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    wish booking_wish;
    answer booking_decision;
BEGIN
    FOREACH wish IN ARRAY wishes LOOP
        IF wish.refused IS NOT NULL THEN
            answer.unit := wish.unit;
            answer.item := wish.item;
            answer.refused := wish.refused;
            RETURN NEXT answer;
        ELSIF wish.replayed THEN
            RETURN QUERY
            SELECT wish.unit, kept.n::integer, NULL::text, k.lang, s.*
            FROM idempotency_key k,
                jsonb_array_elements(k.answer) WITH ORDINALITY AS kept (shown, n),
                jsonb_populate_record(NULL::bookings_shown, kept.shown) s
            WHERE k.caller_id = wish.customer_id AND k.key = p_key[wish.unit];
        END IF;
    END LOOP;
END $$;
