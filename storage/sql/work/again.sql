-- work_again: an attempt that failed; the piece is due after a pause.
-- in:  $1 piece int8, $2 lease uuid, $3 pause in microseconds int8, $4 what went wrong
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_again($1::bigint, $2::uuid, $3::bigint * interval '1 microsecond', NULL, $4::text)
FROM work_hasty;
