-- work_next: done for this time; the piece comes round again.
-- in:  $1 kind, $2 subject int8, $3 lease uuid, $4 in how many microseconds int8
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_next($1::text, $2::bigint, $3::uuid, $4::bigint * interval '1 microsecond')
FROM work_hasty;
