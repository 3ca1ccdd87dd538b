-- work_claim: lends out what is due. The commit need not reach the disk: what a crash forgets is
-- due sooner, and its lease finishes nothing.
-- in:  $1 lanes text[], $2 room in each int8[], $3 kinds text[], $4 seconds of each one's lease
--      int8[], $5 the lease uuid
-- out: kind, subject int8, lane, attempt int4, request id
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
SELECT c.kind, c.subject, c.lane, c.attempt, c.request_id
FROM work_hasty, work_claim($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::uuid) c;
