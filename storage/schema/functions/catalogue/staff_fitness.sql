-- staff_fitness: does this member of staff work during that time, local day `day`, is she off?
-- Windows that touch count as one, so a service may run from one into the next. The planner inlines
-- it.
-- in:  staff, day and zone (the salon's), during      out: works, off
CREATE OR REPLACE FUNCTION staff_fitness(staff bigint, day date, zone text, during tstzrange)
    RETURNS TABLE (works boolean, off boolean)
    LANGUAGE sql STABLE AS $$
    SELECT
        (SELECT coalesce(range_agg(at_work.span) @> during, false)
         FROM (SELECT local_span(day + days_ahead(w.weekday, day),
                                 w.starts_minute, w.ends_minute, zone)
               FROM catalogue_staff_window w
               WHERE w.staff_id = staff AND days_ahead(w.weekday, day) <= 1
               UNION ALL
               SELECT tstzrange(x.starts_at, x.ends_at) FROM catalogue_staff_exception x
               WHERE x.staff_id = staff AND x.kind = 'extra' AND x.ends_at >= lower(during)
                   AND x.starts_at <= upper(during)) AS at_work (span)),
        EXISTS (SELECT FROM catalogue_staff_exception x
                WHERE x.staff_id = staff AND x.kind = 'off' AND x.ends_at > lower(during)
                    AND x.starts_at < upper(during))
$$;
