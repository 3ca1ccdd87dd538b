-- work_counts: how many pieces there are, by kind, lane and state.
-- out: kind, lane, due int8, leased int8, waiting int8, dead int8, seconds that the oldest is
--      overdue int8
SELECT w.kind, w.lane,
    count(*) FILTER (WHERE w.dead_at IS NULL AND w.due_at <= now()),
    count(*) FILTER (WHERE w.dead_at IS NULL AND w.due_at > now() AND w.lease IS NOT NULL),
    count(*) FILTER (WHERE w.dead_at IS NULL AND w.due_at > now() AND w.lease IS NULL),
    count(*) FILTER (WHERE w.dead_at IS NOT NULL),
    coalesce(extract(epoch FROM now() - min(w.due_at)
        FILTER (WHERE w.dead_at IS NULL AND w.due_at <= now())), 0)::bigint
FROM work w GROUP BY w.kind, w.lane ORDER BY w.kind, w.lane;
