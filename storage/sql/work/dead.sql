-- work_dead: an attempt after which there is no other.
-- in:  $1 piece int8, $2 lease uuid, $3 what went wrong
-- out: was it still lent out under it, bool
SELECT work_dead($1::bigint, $2::uuid, $3::text);
