-- Claims in one number, so that an index alone answers when a member of staff or a room is taken.
--
-- Slots read every claim of a month of twenty people: ten thousand of them. As ranges that is a visit to
-- the table and four function calls for each; as numbers in an index they are read where they stand
-- (measured: 2 ms of Postgres for twenty people, 31 days, 60 % booked).

-- claim_number: seconds since 1970 at which a claim begins, times 2^17, plus its length in seconds. In
-- order of their numbers claims are in order of their beginnings; a claim is at most a day long
-- (bookings_times), which is less than 2^17 seconds.
CREATE FUNCTION claim_number(claimed tstzrange) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(epoch FROM lower(claimed) - timestamptz '1970-01-01 00:00:00+00')::bigint << 17)
    + extract(epoch FROM upper(claimed) - lower(claimed))::bigint;

ALTER TABLE bookings_booking ADD COLUMN claim bigint GENERATED ALWAYS AS (claim_number(claimed)) STORED;
CREATE INDEX bookings_claims ON bookings_booking (staff_id, claim)
    WHERE status IN ('held', 'pending', 'confirmed');
CREATE INDEX bookings_room_claims ON bookings_booking (room_id, claim)
    WHERE room_id IS NOT NULL AND status IN ('held', 'pending', 'confirmed');
