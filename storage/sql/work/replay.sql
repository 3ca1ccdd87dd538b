-- work_replay: dead pieces are due again at once, with all their attempts before them.
-- in:  $1 kind, $2 subject int8 (NULL: any)
-- out: how many int8
WITH risen AS (
    UPDATE work w SET dead_at = NULL, attempts = 0, due_at = now()
    WHERE w.dead_at IS NOT NULL AND w.kind = $1::text AND ($2::bigint IS NULL OR w.subject = $2)
    RETURNING 1
)
SELECT count(*) FROM risen;
