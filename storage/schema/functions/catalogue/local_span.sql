-- local_span: minutes of a local day as a range of time. Empty where a clock change leaves nothing
-- of it.
-- in:  a local day, first minute and the one behind the last, the zone's name      out: the range
CREATE OR REPLACE FUNCTION local_span(local_day date, from_minute integer, to_minute integer,
    zone text)
    RETURNS tstzrange
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN tstzrange(local_instant(local_day, from_minute, zone),
    greatest(local_instant(local_day, from_minute, zone),
             local_instant(local_day, to_minute, zone)));
