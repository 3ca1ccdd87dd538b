-- otp_sweep: forgets the oldest codes that were asked for. Rows that somebody works on wait for
-- next time.
-- in:  $1 asked before timestamptz, $2 at most int          out: how many int8
WITH old AS MATERIALIZED (
    SELECT id FROM otp_request WHERE created_at < $1::timestamptz
    ORDER BY created_at LIMIT $2::int FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM otp_request r USING old WHERE r.id = old.id RETURNING r.id
)
SELECT count(*) FROM gone;
