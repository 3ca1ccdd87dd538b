-- keys_sweep: forgets keys of requests whose day is over. Rows that somebody works on wait for next
-- time.
-- in:  $1 at most int4          out: how many int8
WITH old AS MATERIALIZED (
    SELECT o.caller_id, o.key FROM idempotency_key o WHERE o.expires_at <= now()
    ORDER BY o.expires_at LIMIT $1::integer FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM idempotency_key k USING old WHERE k.caller_id = old.caller_id AND k.key = old.key
    RETURNING 1
)
SELECT count(*) FROM gone;
