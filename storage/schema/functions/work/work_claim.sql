-- work_claim: lends out what is due, the earliest of each lane first, as many as the caller has
-- room for, until the lease of its kind has run out. All lanes at once; none takes from another's
-- room. A kind that the caller does not know (a newer program's, during a roll-out) is left to
-- those who do.
-- in: lanes, room in each (0: none); kinds, seconds of the lease of each; the lease's name
-- out: the pieces, in no order
CREATE OR REPLACE FUNCTION work_claim(p_lanes text[], p_room bigint[], p_kinds text[],
    p_lease_s bigint[], p_lease uuid)
    RETURNS TABLE (kind text, subject bigint, lane text, attempt integer, request_id text)
    LANGUAGE plpgsql
    -- The table is empty one moment and has a hundred thousand rows the next; a plan outlives both.
    SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT d.kind, d.subject, k.lease_s
        FROM unnest(p_lanes, p_room) AS l (lane, room)
        CROSS JOIN LATERAL (
            SELECT w.kind, w.subject FROM work w
            WHERE w.lane = l.lane AND w.dead_at IS NULL AND w.due_at <= now()
                AND w.kind = ANY (p_kinds)
            ORDER BY w.due_at LIMIT l.room FOR UPDATE SKIP LOCKED) d
        JOIN unnest(p_kinds, p_lease_s) AS k (kind, lease_s) ON k.kind = d.kind
    )
    UPDATE work w SET lease = p_lease, attempts = least(w.attempts, 2147483646) + 1,
        due_at = now() + make_interval(secs => due.lease_s)
    FROM due WHERE w.kind = due.kind AND w.subject = due.subject
    RETURNING w.kind, w.subject, w.lane, w.attempts, w.request_id;
END $$;
