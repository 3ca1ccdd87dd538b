-- desk_before: was this request answered before? NULL: no, or it has no key. Twins of one caller
-- come one after the other (the customer's lock, as bookings take it).
-- in:  actor (a user's id), key and fingerprint (Idempotency-Key; '': none)
-- out: verdict (replay, key_reused), lang and kept: the language and the card of the first answer
CREATE OR REPLACE FUNCTION desk_before(p_actor bigint, p_key text, p_fingerprint text,
    OUT verdict text, OUT lang text, OUT kept jsonb)
    LANGUAGE plpgsql AS $$
BEGIN
    IF p_key = '' THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(1101, (p_actor % 2147483647)::integer);
    SELECT seen.verdict INTO verdict
    FROM idempotency_seen(ARRAY[p_actor], ARRAY[p_key], ARRAY[p_fingerprint]) seen;
    SELECT coalesce(k.lang, u.preferred_language), k.answer INTO lang, kept
    FROM accounts_user u LEFT JOIN idempotency_key k
        ON verdict = 'replay' AND k.caller_id = u.id AND k.key = p_key
    WHERE u.id = p_actor;
END $$;
