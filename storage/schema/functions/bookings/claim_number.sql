-- claim_number: seconds since 1970 at which a claim begins, times 2^17, plus its length in seconds.
-- In order of their numbers claims are in order of their beginnings; a claim is at most a day long
-- (bookings_times), which is less than 2^17 seconds.
-- in:  claimed: both ends given      out: the number
CREATE OR REPLACE FUNCTION claim_number(claimed tstzrange) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(epoch FROM lower(claimed) - timestamptz '1970-01-01 00:00:00+00')::bigint << 17)
    + extract(epoch FROM upper(claimed) - lower(claimed))::bigint;
