-- work_list: pieces, for the eyes of operators: one by its kind and subject, or of a kind the dead
-- ones, latest first, or the others, earliest first.
-- in:  $1 kind (NULL: any), $2 subject int8 (NULL: any), $3 dead ones bool (NULL: any),
--      $4 at most int4
-- out: kind, subject int8, lane, state, seconds until it is due int8 (of a dead one: since it died,
--      negative), attempts int4, last error, request id
SELECT w.kind, w.subject, w.lane,
    CASE WHEN w.dead_at IS NOT NULL THEN 'dead' WHEN w.due_at <= now() THEN 'due'
         WHEN w.lease IS NOT NULL THEN 'leased' ELSE 'waiting' END,
    extract(epoch FROM coalesce(w.dead_at, w.due_at) - now())::bigint,
    w.attempts, w.last_error, w.request_id
FROM work w
WHERE ($1::text IS NULL OR w.kind = $1) AND ($2::bigint IS NULL OR w.subject = $2)
    AND ($3::boolean IS NULL OR (w.dead_at IS NOT NULL) = $3)
ORDER BY CASE WHEN w.dead_at IS NULL THEN w.due_at - now() ELSE now() - w.dead_at END,
    w.kind, w.subject
LIMIT $4::integer;
