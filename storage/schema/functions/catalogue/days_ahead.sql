-- days_ahead: of a weekday, from a day: -1 (that was yesterday) ... 5. What begins yesterday may
-- reach past midnight, what begins tomorrow is reached by a long service; the rest is no neighbour.
-- in:  a weekday (0: Sunday), a local day      out: -1 ... 5
CREATE OR REPLACE FUNCTION days_ahead(of_weekday integer, from_day date) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (of_weekday - date_part('dow', from_day)::integer + 8) % 7 - 1;
