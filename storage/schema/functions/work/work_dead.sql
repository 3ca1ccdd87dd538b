-- work_dead: refused for good, or out of attempts: the piece stays, with its reason, until somebody
-- replays it or its cause comes again.
-- in: the piece (its kind and subject), its lease; what went wrong
-- out: was it still lent out under that lease (false: nothing was changed)
CREATE OR REPLACE FUNCTION work_dead(p_kind text, p_subject bigint, p_lease uuid, p_error text)
    RETURNS boolean
    LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE work w SET lease = NULL, dead_at = now(), last_error = left(p_error, 500)
    WHERE w.kind = p_kind AND w.subject = p_subject AND w.lease = p_lease;
    RETURN FOUND;
END $$;
