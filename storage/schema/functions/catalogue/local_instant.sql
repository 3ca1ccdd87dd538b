-- local_instant: a minute of a local day as a point in time. A local time that a clock change skips
-- is read with the offset before the change, one that occurs twice means the second time
-- (domain/catalogue/slots.c reads it the same way; tests compare the two).
-- in:  a local day, minutes since its midnight (a day has 1440, nights go on), the zone's name
-- out: the point in time
CREATE OR REPLACE FUNCTION local_instant(local_day date, minute integer, zone text)
    RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (local_day + make_interval(mins => minute)) AT TIME ZONE zone;
