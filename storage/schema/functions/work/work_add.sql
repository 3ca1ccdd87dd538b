-- work_add: a piece of work, in the transaction of its cause. There is one per kind and subject:
-- added again it is due at the earlier of both times, begins its attempts anew, and whoever is at
-- it loses the lease, so that it is worked on once more and sees what is new. The caller holds the
-- lock of the subject's row, if it has one, and adds several in the order of kind and subject: two
-- that add the same in different orders would wait for each other.
-- in: kind, subject; the lane (who can be slow); when it is due; the request that caused it, or ''
CREATE OR REPLACE FUNCTION work_add(p_kind text, p_subject bigint, p_lane text,
    p_due_at timestamptz, p_request_id text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work AS w (kind, subject, lane, due_at, request_id)
    VALUES (p_kind, p_subject, p_lane, p_due_at, p_request_id)
    ON CONFLICT (kind, subject) DO UPDATE
    SET lease = NULL, dead_at = NULL, attempts = 0, last_error = '', lane = excluded.lane,
        request_id = excluded.request_id,
        -- a dead one's time is long past and was given up
        due_at = CASE WHEN w.dead_at IS NULL THEN least(w.due_at, excluded.due_at)
                      ELSE excluded.due_at END;
END $$;
