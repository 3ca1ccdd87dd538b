-- work_add: a piece of work, in the transaction of its cause. There is one per kind and subject:
-- added again it is due at the earlier of both times, begins its attempts anew, and whoever is at
-- it loses the lease, so that it is worked on once more and sees what is new. The caller holds the
-- lock of the subject's row, if it has one.
-- in:  kind, subject; the lane (who can be slow); when it is due; the request that caused it, or ''
-- out: nothing
CREATE OR REPLACE FUNCTION work_add(p_kind text, p_subject bigint, p_lane text,
    p_due_at timestamptz, p_request_id text) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM work_add_all(p_kind, ARRAY[p_subject], p_lane, p_due_at, ARRAY[p_request_id]);
END $$;
