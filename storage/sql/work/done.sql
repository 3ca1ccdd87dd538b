-- work_done: an attempt that succeeded, after its effect. What a crash forgets is done once more.
-- in:  $1 kind, $2 subject int8, $3 lease uuid
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_done($1::text, $2::bigint, $3::uuid) FROM work_hasty;
