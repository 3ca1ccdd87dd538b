-- work_plant: the pieces that come round by themselves.
-- in:  $1 kinds text[], $2 lanes text[], $3 subjects of each int8[], $4 periods in seconds int8[]
-- out: nothing
SELECT work_plant($1::text[], $2::text[], $3::bigint[], $4::bigint[]);
