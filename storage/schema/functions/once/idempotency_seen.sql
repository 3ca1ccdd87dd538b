-- idempotency_seen: which of the requests with keys were answered before.
-- in:  per request: caller (a user's id), key ('': none), fingerprint
-- out: n; verdict: 'replay', or 'key_reused' when the key came with another request
CREATE OR REPLACE FUNCTION idempotency_seen(p_caller bigint[], p_key text[], p_fingerprint text[])
    RETURNS TABLE (n bigint, verdict text)
    LANGUAGE sql STABLE AS $$
    SELECT r.n, CASE WHEN k.fingerprint = r.fingerprint THEN 'replay' ELSE 'key_reused' END
    FROM unnest(p_caller, p_key, p_fingerprint) WITH ORDINALITY AS r (caller, key, fingerprint, n)
    JOIN idempotency_key k ON k.caller_id = r.caller AND k.key = r.key AND k.expires_at > now()
    WHERE r.key <> ''
$$;
