-- salon_open_minutes: how many minutes of some local days each member of staff of a salon can be
-- booked: windows and extra hours, less time off, while the salon is open. Who never can has no
-- row. Members share most of their weekly times: each of these is laid out over the days once, not
-- once for each of 200 people.
-- in:  salon, first and last local day, the salon's zone      out: a row for each member
CREATE OR REPLACE FUNCTION salon_open_minutes(p_salon bigint, p_from date, p_to date, p_zone text)
    RETURNS TABLE (staff_id bigint, minutes bigint)
    LANGUAGE sql STABLE AS $$
    WITH period AS (
        SELECT tstzrange(local_instant(p_from, 0, p_zone),
                         local_instant(p_to + 1, 0, p_zone)) AS during
    ), day AS MATERIALIZED ( -- what begins on the eve may reach over midnight
        SELECT p_from + n AS day, date_part('dow', p_from + n)::integer AS weekday
        FROM generate_series(-1, p_to - p_from) n
    ), open AS MATERIALIZED (
        SELECT range_agg(local_span(day.day, o.opens_minute, o.closes_minute, p_zone))
            * (SELECT tstzmultirange(period.during) FROM period) AS spans
        FROM day JOIN catalogue_opening o ON o.weekday = day.weekday
        WHERE o.salon_id = p_salon
    ), weekly AS MATERIALIZED (
        SELECT w.weekday, w.starts_minute, w.ends_minute,
            range_agg(local_span(day.day, w.starts_minute, w.ends_minute, p_zone)) AS spans
        FROM (SELECT DISTINCT w.weekday, w.starts_minute, w.ends_minute
              FROM catalogue_staff m JOIN catalogue_staff_window w ON w.staff_id = m.id
              WHERE m.salon_id = p_salon) w
        JOIN day ON day.weekday = w.weekday
        GROUP BY w.weekday, w.starts_minute, w.ends_minute
    ), work AS (
        SELECT m.id, weekly.spans
        FROM catalogue_staff m JOIN catalogue_staff_window w ON w.staff_id = m.id
        JOIN weekly USING (weekday, starts_minute, ends_minute)
        WHERE m.salon_id = p_salon
        UNION ALL
        SELECT m.id, tstzmultirange(tstzrange(x.starts_at, x.ends_at))
        FROM period, catalogue_staff m JOIN catalogue_staff_exception x ON x.staff_id = m.id
        WHERE m.salon_id = p_salon AND x.kind = 'extra' AND x.ends_at > lower(period.during)
            AND x.starts_at < upper(period.during)
    )
    SELECT work.id, (
        SELECT coalesce(sum(extract(epoch FROM upper(r) - lower(r)) / 60), 0)::bigint
        FROM unnest((range_agg(work.spans) * (SELECT open.spans FROM open)) - (
            SELECT coalesce(range_agg(tstzrange(x.starts_at, x.ends_at)), '{}')
            FROM period, catalogue_staff_exception x
            WHERE x.staff_id = work.id AND x.kind = 'off' AND x.ends_at > lower(period.during)
                AND x.starts_at < upper(period.during))) r)
    FROM work GROUP BY work.id
$$;
