-- otp_prove: the right code for a phone that is proved again. Of two at once one gets a row.
-- What waited with the request is applied; an address that somebody else took meanwhile is left
-- out.
-- in:  $1 request uuid, $2 now timestamptz, $3 apply the e-mail address? boolean
-- out:  user_id bigint
WITH used AS (
    UPDATE otp_request SET consumed_at = $2::timestamptz
    WHERE id = $1::uuid AND consumed_at IS NULL AND failed_at IS NULL
    RETURNING user_id, email, first_name, last_name
)
UPDATE accounts_user u SET
    is_phone_verified = true,
    first_name = coalesce(nullif(used.first_name, ''), u.first_name),
    last_name = coalesce(nullif(used.last_name, ''), u.last_name),
    email = CASE
        WHEN $3::boolean AND used.email IS NOT NULL AND NOT EXISTS (
            SELECT FROM accounts_user other
            WHERE lower(other.email) = lower(used.email) AND other.id <> used.user_id)
        THEN used.email ELSE u.email END
FROM used WHERE u.id = used.user_id
RETURNING u.id;
