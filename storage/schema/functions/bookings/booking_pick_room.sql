-- booking_pick_room: of the rooms that fit, the first that is free; one that this call gave away
-- is not.
-- in:  the wishes, this one
-- out: the wish, with room_id and stale, or with staff_id NULL: there is none
CREATE OR REPLACE FUNCTION booking_pick_room(wishes booking_wish[], wish booking_wish)
    RETURNS booking_wish
    LANGUAGE plpgsql AS $$
DECLARE
    house record;
BEGIN
    SELECT * INTO house FROM booking_house(wish, NULL);
    wish.stale := wish.stale OR house.stale;
    wish.room_id := (
        SELECT r.room FROM unnest(house.free) AS r (room)
        WHERE NOT EXISTS (SELECT FROM unnest(wishes) w
                          WHERE w.id IS NOT NULL AND w.room_id = r.room AND w.wanted && wish.wanted)
        ORDER BY 1 LIMIT 1);
    IF wish.room_id IS NULL THEN
        wish.staff_id := NULL;
    END IF;
    RETURN wish;
END $$;
