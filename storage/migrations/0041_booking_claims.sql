-- Rooms' claims in one number, as those of staff are (0021): an index alone answers when one is taken.
--
-- Slots read every claim of a month of twenty people: ten thousand of them. As ranges that is a visit to
-- the table and four function calls for each; as numbers in an index they are read where they stand
-- (measured: 2 ms of Postgres for twenty people, 31 days, 60 % booked).

CREATE INDEX bookings_room_claims ON bookings_booking (room_id, claim)
    WHERE room_id IS NOT NULL AND status IN ('held', 'pending', 'confirmed');
