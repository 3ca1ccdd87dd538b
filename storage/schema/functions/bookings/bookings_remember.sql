-- bookings_remember: keeps under each request's key what it was answered, with the effect: in one
-- transaction.
-- in:  the wishes. Per request: customer, key and fingerprint ('': none), lang: of the answer
CREATE OR REPLACE FUNCTION bookings_remember(wishes booking_wish[], p_customer bigint[],
    p_key text[], p_fingerprint text[], p_lang text[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_key AS k (caller_id, key, fingerprint, lang, status, answer)
    SELECT p_customer[w.unit], p_key[w.unit], p_fingerprint[w.unit], p_lang[w.unit], 201,
        jsonb_agg(to_jsonb(s) ORDER BY s.id)
    FROM unnest(wishes) w JOIN bookings_shown s ON s.id = w.id
    WHERE p_key[w.unit] <> ''
    GROUP BY w.unit
    -- A key that has run out is as good as none; one that has not was found before.
    ON CONFLICT (caller_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
        lang = excluded.lang, status = excluded.status, answer = excluded.answer,
        expires_at = excluded.expires_at
    WHERE k.expires_at <= now();
END $$;
