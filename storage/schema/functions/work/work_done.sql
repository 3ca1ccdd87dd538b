-- work_done: the piece is done, and gone, if it is still lent out under that lease. Callable in the
-- statement of the effect, behind the lock of the subject's row and before the effect: false means
-- that the effect is somebody else's to have.
-- in: the piece (its kind and subject), its lease
-- out: was it
CREATE OR REPLACE FUNCTION work_done(p_kind text, p_subject bigint, p_lease uuid) RETURNS boolean
    LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM work w WHERE w.kind = p_kind AND w.subject = p_subject AND w.lease = p_lease;
    RETURN FOUND;
END $$;
