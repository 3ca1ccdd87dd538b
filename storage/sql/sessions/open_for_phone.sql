-- sessions_open_for_phone: a session for whoever has this phone, without a code: local development
-- only.
-- in:  $1 phone text, $2 now timestamptz, $3 session uuid, $4 refresh token's hash bytea, $5 jti
--      uuid, $6 issued, $7 expires timestamptz
-- out: user_id bigint, preferred_language text
WITH person AS (
    INSERT INTO accounts_user AS u (phone_number, is_phone_verified, last_login, date_joined)
    VALUES ($1::text, true, $2::timestamptz, $2)
    ON CONFLICT (phone_number) DO UPDATE SET is_phone_verified = true,
        last_login = excluded.last_login
    RETURNING u.id, u.preferred_language
), opened AS (
    INSERT INTO auth_session (id, user_id, created_at, last_used_at, address, user_agent,
                              refresh_hash, refresh_jti, refresh_issued_at, refresh_expires_at)
    SELECT $3::uuid, person.id, $2, $2, '', 'mawid token mint', $4::bytea, $5::uuid,
           $6::timestamptz, $7::timestamptz
    FROM person
)
SELECT person.id, person.preferred_language FROM person;
