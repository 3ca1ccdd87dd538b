-- work_give_back: an attempt that did not take place; the piece is due at once, for others.
-- in:  $1 kind, $2 subject int8, $3 lease uuid
-- out: was it still lent out under it, bool
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT work_give_back($1::text, $2::bigint, $3::uuid) FROM work_hasty;
