-- booking_pick_other: behind the locks: with whom and where a booking that moves can be. Holds in
-- the way that have run out are written down first.
-- in:  the wish; moved: the booking that is to move there
-- out: the wish, with staff_id and room_id, or refused
CREATE OR REPLACE FUNCTION booking_pick_other(wish booking_wish, moved bigint) RETURNS booking_wish
    LANGUAGE plpgsql AS $$
DECLARE
    team record;
    house record;
BEGIN
    PERFORM holds_expire(holds_over(wish.free, wish.rooms, wish.wanted, moved));
    SELECT * INTO team FROM booking_team(wish, moved);
    SELECT * INTO house FROM booking_house(wish, moved);
    wish.staff_id := team.free[1];
    wish.room_id := house.free[1];
    IF wish.staff_id IS NULL OR wish.rooms IS NOT NULL AND wish.room_id IS NULL THEN
        wish.refused := 'SLOT_TAKEN';
    END IF;
    RETURN wish;
END $$;
