-- One piece of work as the runner does it, claimed, done, deleted: by the statements of storage/sql/work/ (claim.sql and
-- done.sql, whose commits wait for no disk), in a lane of its own, one piece at a time, as pgbench can do no other.
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)), fresh AS MATERIALIZED (SELECT gen_random_uuid() AS lease) SELECT c.subject AS subject, fresh.lease AS lease FROM work_hasty, fresh, work_claim('{peer}', '{1}', '{bench}', '{30}', fresh.lease) c \gset
UPDATE bench_subject SET at = clock_timestamp() WHERE id = :subject;
WITH work_hasty AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) SELECT work_done('bench', :subject, :lease) FROM work_hasty;
