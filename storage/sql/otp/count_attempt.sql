-- otp_count_attempt: somebody entered a code. The attempt is counted in the statement that reads
-- what it is judged by: parallel guesses cannot all read the same count.
-- No row: unknown, of another purpose, expired (counts nothing), used, failed, replaced, no attempt
-- left.
-- in:  $1 request uuid, $2 purpose text, $3 now timestamptz
-- out: user_id bigint, phone_number text, provider text, code_mac bytea or NULL
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE otp_request r SET attempts = attempts + 1 FROM quick
WHERE r.id = $1::uuid AND r.purpose = $2::text AND r.expires_at > $3::timestamptz
  AND r.consumed_at IS NULL AND r.failed_at IS NULL AND r.attempts < r.max_attempts
  AND NOT EXISTS (
      SELECT FROM otp_request newer
      WHERE newer.phone_number = r.phone_number AND newer.created_at > r.created_at
        AND newer.purpose = r.purpose AND newer.failed_at IS NULL)
RETURNING r.user_id, r.phone_number, r.provider, r.code_mac;
