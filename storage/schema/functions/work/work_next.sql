-- work_next: the piece is done and comes round again, as if it had just been added.
-- in: the piece (its kind and subject), its lease; when it is due again, from now
-- out: was it still lent out under that lease (false: nothing was changed)
CREATE OR REPLACE FUNCTION work_next(p_kind text, p_subject bigint, p_lease uuid, p_pause interval)
    RETURNS boolean
    LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE work w SET lease = NULL, due_at = now() + p_pause, attempts = 0, last_error = ''
    WHERE w.kind = p_kind AND w.subject = p_subject AND w.lease = p_lease;
    RETURN FOUND;
END $$;
