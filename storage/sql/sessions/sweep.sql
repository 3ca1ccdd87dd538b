-- sessions_sweep: forgets sessions that ended, the longest ended first. What must outlive them is
-- in audit_event; a refresh token of a forgotten session is answered as one of an ended session is.
-- in:  $1 ended before timestamptz, $2 at most int          out: how many int8
WITH old AS MATERIALIZED (
    SELECT id FROM auth_session WHERE least(refresh_expires_at, revoked_at) < $1::timestamptz
    ORDER BY least(refresh_expires_at, revoked_at) LIMIT $2::int FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM auth_session s USING old WHERE s.id = old.id RETURNING s.id
)
SELECT count(*) FROM gone;
