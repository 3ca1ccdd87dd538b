-- booking_span: when a service is, as the salon's clocks say it, and what it claims. The planner
-- inlines it; OFFSET 0 has each part computed once.
-- in:  starts_at, zone; how long it lasts and its buffers
-- out: local time, day and weekday (0: Sunday) of the beginning; ends_at; wanted: with the buffers
CREATE OR REPLACE FUNCTION booking_span(starts_at timestamptz, zone text, lasts interval,
    before interval, after interval)
    RETURNS TABLE (local timestamp, day date, dow integer, ends_at timestamptz, wanted tstzrange)
    LANGUAGE sql STABLE AS $$
    SELECT l.local, l.local::date, date_part('dow', l.local)::integer, starts_at + lasts,
        tstzrange(starts_at - before, starts_at + lasts + after)
    FROM (SELECT starts_at AT TIME ZONE zone AS local OFFSET 0) l
    OFFSET 0
$$;
