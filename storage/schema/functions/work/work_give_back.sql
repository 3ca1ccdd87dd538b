-- work_give_back: the attempt did not take place, or was broken off by its own side: the piece is
-- due at once, for others, and the attempt does not count.
-- in: the piece (its kind and subject), its lease
-- out: was it still lent out under that lease (false: nothing was changed)
CREATE OR REPLACE FUNCTION work_give_back(p_kind text, p_subject bigint, p_lease uuid)
    RETURNS boolean
    LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE work w SET lease = NULL, due_at = now(), attempts = greatest(w.attempts - 1, 0)
    WHERE w.kind = p_kind AND w.subject = p_subject AND w.lease = p_lease;
    RETURN FOUND;
END $$;
