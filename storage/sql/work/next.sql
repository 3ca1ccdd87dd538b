-- work_next: done for this time; the piece comes round again.
-- in:  $1 piece int8, $2 lease uuid, $3 in how many microseconds int8
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_next($1::bigint, $2::uuid, $3::bigint * interval '1 microsecond') FROM work_hasty;
