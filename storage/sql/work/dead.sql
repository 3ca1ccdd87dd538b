-- work_dead: an attempt after which there is no other.
-- in:  $1 kind, $2 subject int8, $3 lease uuid, $4 what went wrong
-- out: was it still lent out under it, bool
SELECT work_dead($1::text, $2::bigint, $3::uuid, $4::text);
