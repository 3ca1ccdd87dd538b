-- holds_over: the holds in the way at that time that have run out: the constraint does not know
-- what time it is, so every one of them has to be written down as expired first.
-- in: staff and rooms that are wanted, moved (NULL: none): the booking that is to move there
CREATE OR REPLACE FUNCTION holds_over(p_staff bigint[], p_rooms bigint[], wanted tstzrange,
    moved bigint) RETURNS bigint[]
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY(SELECT b.id FROM bookings_booking b
                 WHERE b.status = 'held' AND b.hold_expires_at <= now() AND b.claimed && wanted
                     AND (b.staff_id = ANY (p_staff) OR b.room_id = ANY (p_rooms))
                     AND b.id IS DISTINCT FROM moved);
END $$;
