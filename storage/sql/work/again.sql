-- work_again: an attempt that failed; the piece is due after a pause.
-- in:  $1 kind, $2 subject int8, $3 lease uuid, $4 pause in microseconds int8, $5 what went wrong
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_again($1::text, $2::bigint, $3::uuid, $4::bigint * interval '1 microsecond', NULL,
    $5::text)
FROM work_hasty;
