-- salon_open_over: is the salon open all that time, when stretches are put together (intervals that
-- touch, nights)? The rest of a question whose usual answer is one index look-up: a function of its
-- own, so that a statement that does not need it need not prepare for it.
-- in:  salon, the local day on which it begins, the salon's zone, during      out: yes or no
CREATE OR REPLACE FUNCTION salon_open_over(salon bigint, day date, zone text, during tstzrange)
    RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT range_agg(local_span(day + days_ahead(o.weekday, day),
                                    o.opens_minute, o.closes_minute, zone)) @> during
        FROM catalogue_opening o
        WHERE o.salon_id = salon AND days_ahead(o.weekday, day) <= 1), false);
END $$;
