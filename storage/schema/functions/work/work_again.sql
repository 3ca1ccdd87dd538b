-- work_again: the attempt failed: the piece is due again after a pause.
-- in: the piece (its kind and subject), its lease; the pause; the lane from now on (NULL: the
--     same); what went wrong
-- out: was it still lent out under that lease (false: nothing was changed)
CREATE OR REPLACE FUNCTION work_again(p_kind text, p_subject bigint, p_lease uuid,
    p_pause interval, p_lane text, p_error text) RETURNS boolean
    LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE work w SET lease = NULL, due_at = now() + p_pause, lane = coalesce(p_lane, w.lane),
        last_error = left(p_error, 500)
    WHERE w.kind = p_kind AND w.subject = p_subject AND w.lease = p_lease;
    RETURN FOUND;
END $$;
