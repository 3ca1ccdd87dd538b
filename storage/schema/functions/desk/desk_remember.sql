-- desk_remember: keeps the card of an answer under the request's key, if it has one.
-- in:  asked: the language of the answer ('': `p_lang`, what the actor prefers)
CREATE OR REPLACE FUNCTION desk_remember(p_actor bigint, p_key text, p_fingerprint text,
    p_asked text, p_lang text, p_card jsonb) RETURNS void
    LANGUAGE sql AS $$
    INSERT INTO idempotency_key AS k (caller_id, key, fingerprint, lang, status, answer)
    SELECT p_actor, p_key, p_fingerprint, coalesce(nullif(p_asked, ''), p_lang), 201, p_card
    WHERE p_key <> ''
    ON CONFLICT (caller_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
        lang = excluded.lang, status = excluded.status, answer = excluded.answer,
        expires_at = excluded.expires_at
    WHERE k.expires_at <= now()
$$;
