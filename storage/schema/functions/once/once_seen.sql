-- once_seen: `once` for many requests, whose callers' locks are held already, or not yet: which of
-- those with keys had their effect before.
-- in:  per request: caller, key and fingerprint ('': none)
-- out: n: the request, from 1; refused: KEY_REUSED when the key came with another request before,
--      else NULL
CREATE OR REPLACE FUNCTION once_seen(p_caller bigint[], p_key text[], p_fingerprint text[])
    RETURNS TABLE (n bigint, refused text)
    LANGUAGE sql STABLE AS $$
    SELECT r.n, CASE WHEN k.fingerprint <> r.fingerprint THEN 'KEY_REUSED' END
    FROM unnest(p_caller, p_key, p_fingerprint) WITH ORDINALITY AS r (caller, key, fingerprint, n)
    JOIN idempotency_key k ON k.caller_id = r.caller AND k.key = r.key AND k.expires_at > now()
    WHERE r.key <> ''
$$;
