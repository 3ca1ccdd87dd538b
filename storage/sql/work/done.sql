-- work_done: an attempt that succeeded, after its effect. What a crash forgets is done once more.
-- in:  $1 piece int8, $2 lease uuid
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_done($1::bigint, $2::uuid) FROM work_hasty;
