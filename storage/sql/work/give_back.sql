-- work_give_back: an attempt that did not take place; the piece is due at once, for others.
-- in:  $1 piece int8, $2 lease uuid
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_give_back($1::bigint, $2::uuid) FROM work_hasty;
