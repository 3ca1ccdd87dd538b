-- work_add_all: many pieces of one kind, each as work_add says, in one statement: a row costs half
-- of what it costs by itself. They are added in the order of their subjects: of two that add the
-- same, one waits for the other, and never both.
-- in:  kind; subjects, each of them once; the lane; when they are due; for each the request that
--      caused it, or ''
-- out: nothing
CREATE OR REPLACE FUNCTION work_add_all(p_kind text, p_subjects bigint[], p_lane text,
    p_due_at timestamptz, p_request_ids text[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work AS w (kind, subject, lane, due_at, request_id)
    SELECT p_kind, s.subject, p_lane, p_due_at, s.request_id
    FROM unnest(p_subjects, p_request_ids) AS s (subject, request_id) ORDER BY s.subject
    ON CONFLICT (kind, subject) DO UPDATE
    SET lease = NULL, dead_at = NULL, attempts = 0, last_error = '', lane = excluded.lane,
        request_id = excluded.request_id,
        -- a dead one's time is long past and was given up
        due_at = CASE WHEN w.dead_at IS NULL THEN least(w.due_at, excluded.due_at)
                      ELSE excluded.due_at END;
END $$;
