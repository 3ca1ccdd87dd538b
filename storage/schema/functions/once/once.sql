-- once: was this request answered before? A statement that may come twice is written around it:
--     SELECT coalesce(once(caller, key, fingerprint),
--                     once_keep(caller, key, fingerprint, language, who_does_it(…)))
-- coalesce does not go on to the second when there is a first. Duplicates of one caller come one
-- after the other (the customer's lock, as bookings take it), so the later finds what was kept.
-- in:  caller (a user's id), key and fingerprint (Idempotency-Key; '': none)
-- out: NULL: no; KEY_REUSED: another request had that key; else what was kept, and its language
CREATE OR REPLACE FUNCTION once(p_caller bigint, p_key text, p_fingerprint text) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    kept idempotency_key;
BEGIN
    IF p_key = '' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(1101, (p_caller % 2147483647)::integer);
    SELECT * INTO kept FROM idempotency_key k
    WHERE k.caller_id = p_caller AND k.key = p_key AND k.expires_at > now();
    RETURN CASE
        WHEN NOT FOUND THEN NULL
        WHEN kept.fingerprint <> p_fingerprint THEN refused('KEY_REUSED')
        ELSE (NULL, kept.answer, kept.lang, kept.row_id)::answer END;
END $$;
