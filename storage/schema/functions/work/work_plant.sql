-- work_plant: the pieces that come round by themselves are there: once each, however many programs
-- start. Those that are there already keep their time, unless it is further off than one period
-- from now, and follow their kind into another lane.
-- in: kind, lane, number of subjects (0 ... n-1; their first times are spread over the period) and
--     period in seconds, of each
CREATE OR REPLACE FUNCTION work_plant(p_kinds text[], p_lanes text[], p_subjects bigint[],
    p_every_s bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work (kind, subject, lane, due_at)
    SELECT p.kind, s, p.lane,
        now() + make_interval(secs => p.every_s * s / p.subjects::double precision)
    FROM unnest(p_kinds, p_lanes, p_subjects, p_every_s) AS p (kind, lane, subjects, every_s),
        generate_series(0, p.subjects - 1) AS s
    ORDER BY p.kind, s
    ON CONFLICT (kind, subject) DO NOTHING;
    UPDATE work w SET lane = p.lane,
        due_at = least(w.due_at, now() + make_interval(secs => p.every_s::double precision))
    FROM unnest(p_kinds, p_lanes, p_every_s) AS p (kind, lane, every_s)
    WHERE w.kind = p.kind AND w.lease IS NULL AND (w.lane <> p.lane
        OR w.due_at > now() + make_interval(secs => p.every_s::double precision));
END $$;
