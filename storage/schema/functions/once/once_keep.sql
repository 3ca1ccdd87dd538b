-- once_keep: keeps what was granted under the request's key, if it has one: the card, or the row
-- that was begun. In the transaction of the effect; a refusal is not kept and may be asked again.
-- in:  as once; the language of the answer; the answer
-- out: the answer
CREATE OR REPLACE FUNCTION once_keep(p_caller bigint, p_key text, p_fingerprint text, p_lang text,
    p_answer answer) RETURNS answer
    LANGUAGE plpgsql AS $$
BEGIN
    IF p_key <> '' AND (p_answer).refused IS NULL THEN
        INSERT INTO idempotency_key AS k (caller_id, key, fingerprint, lang, status, answer, row_id)
        VALUES (p_caller, p_key, p_fingerprint, p_lang, 201, (p_answer).card, (p_answer).row_id)
        ON CONFLICT (caller_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
            lang = excluded.lang, status = excluded.status, answer = excluded.answer,
            row_id = excluded.row_id, expires_at = excluded.expires_at
        WHERE k.expires_at <= now();
    END IF;
    RETURN p_answer;
END $$;
