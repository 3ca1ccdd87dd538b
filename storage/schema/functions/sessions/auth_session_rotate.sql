-- auth_session_rotate: a refresh token was shown; `p_hash` is its hash, p_new_… what would follow
-- it. One row's lock decides between duplicates: the second finds the token used a moment ago.
--
-- in:  the session and its user; hash of the token shown; the next one's hash, id and dates; now;
--      how long after its use a token is answered once more; what to note of the client
-- out: verdict 'rotated' (the new token counts from now on), 'repeated' (used before, within the
--      grace: jti and dates of its successor, to sign it again), 'reused' (later than that:
--      somebody has a copy, and nobody can tell who; the session is over and an audit row says so),
--      'ended' (revoked, expired, unknown).
CREATE OR REPLACE FUNCTION auth_session_rotate(
    p_session uuid, p_user bigint, p_hash bytea, p_new_hash bytea, p_new_jti uuid,
    p_new_issued_at timestamptz, p_new_expires_at timestamptz, p_now timestamptz, p_grace interval,
    p_address text, p_user_agent text, p_request_id text,
    OUT verdict text, OUT jti uuid, OUT issued_at timestamptz, OUT expires_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    s auth_session;
BEGIN
    SELECT * INTO s FROM auth_session WHERE id = p_session AND user_id = p_user FOR NO KEY UPDATE;
    IF NOT FOUND OR s.revoked_at IS NOT NULL OR s.refresh_expires_at <= p_now THEN
        verdict := 'ended';
    ELSIF s.refresh_hash = p_hash THEN
        UPDATE auth_session SET
            refresh_hash = p_new_hash, refresh_jti = p_new_jti, refresh_issued_at = p_new_issued_at,
            refresh_expires_at = p_new_expires_at, previous_hash = p_hash, rotated_at = p_now,
            last_used_at = p_now, address = p_address, user_agent = p_user_agent
        WHERE id = p_session;
        verdict := 'rotated';
        jti := p_new_jti;
        issued_at := p_new_issued_at;
        expires_at := p_new_expires_at;
    ELSIF s.previous_hash = p_hash AND p_now - s.rotated_at <= p_grace THEN
        verdict := 'repeated';
        jti := s.refresh_jti;
        issued_at := s.refresh_issued_at;
        expires_at := s.refresh_expires_at;
    ELSE
        UPDATE auth_session SET revoked_at = p_now, revoked_why = 'refresh_reused'
            WHERE id = p_session;
        INSERT INTO audit_event (at, user_id, event, address, request_id, detail)
        VALUES (p_now, p_user, 'refresh_reused', p_address, p_request_id,
                jsonb_build_object('session', p_session, 'user_agent', p_user_agent));
        verdict := 'reused';
    END IF;
END $$;
