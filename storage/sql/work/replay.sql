-- work_replay: dead pieces are due again at once, with all their attempts before them.
-- in:  $1 id int8 (NULL: any), $2 kind (NULL: any)
-- out: how many int8
WITH risen AS (
    UPDATE work w SET dead_at = NULL, attempts = 0, due_at = now()
    WHERE w.dead_at IS NOT NULL
        AND ($1::bigint IS NULL OR w.id = $1) AND ($2::text IS NULL OR w.kind = $2)
    RETURNING 1
)
SELECT count(*) FROM risen;
