-- sessions_login: the right code for a login. Uses the code, verifies the phone, applies what
-- waited with the request, opens a session: all of it or nothing. Of two at once one gets a row.
-- An address that somebody else took meanwhile is left out; one that is taken this very moment
-- refuses the statement (accounts_user_email_key), and the caller runs it again without.
-- in:  $1 request uuid, $2 now timestamptz, $3 apply the e-mail address? boolean,
--      $4 session uuid, $5 address, $6 user agent text, $7 refresh token's hash bytea, $8 jti uuid,
--      $9 issued, $10 expires timestamptz
-- out: the columns of storage/account_rows.h, is_new boolean
WITH used AS (
    UPDATE otp_request SET consumed_at = $2::timestamptz
    WHERE id = $1::uuid AND consumed_at IS NULL AND failed_at IS NULL
    RETURNING user_id, email, first_name, last_name
), before AS (
    SELECT u.id, u.is_phone_verified FROM accounts_user u JOIN used ON u.id = used.user_id
), person AS (
    UPDATE accounts_user u SET
        is_phone_verified = true,
        last_login = $2::timestamptz,
        first_name = coalesce(nullif(used.first_name, ''), u.first_name),
        last_name = coalesce(nullif(used.last_name, ''), u.last_name),
        email = CASE
            WHEN $3::boolean AND used.email IS NOT NULL AND NOT EXISTS (
                SELECT FROM accounts_user other
                WHERE lower(other.email) = lower(used.email) AND other.id <> used.user_id)
            THEN used.email ELSE u.email END
    FROM used WHERE u.id = used.user_id
    RETURNING u.*
), opened AS (
    INSERT INTO auth_session (id, user_id, created_at, last_used_at, address, user_agent,
                              refresh_hash, refresh_jti, refresh_issued_at, refresh_expires_at)
    SELECT $4::uuid, person.id, $2, $2, $5::text, $6::text,
           $7::bytea, $8::uuid, $9::timestamptz, $10::timestamptz
    FROM person
)
SELECT person.id, person.phone_number, person.email, person.first_name, person.last_name,
       person.role, person.preferred_language, person.is_phone_verified, person.date_joined,
       NOT before.is_phone_verified AS is_new
FROM person JOIN before ON before.id = person.id;
