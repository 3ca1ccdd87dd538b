-- bookings_clear: writes down which holds in the way of what was given have run out, for the
-- constraint does not know what time it is, and has a last look: one may have been confirmed before
-- it ran out, by somebody whom that has waited for or who was done before it was looked up. Told as
-- the constraint would, which therefore is not the only one to notice.
-- in:  the wishes          out: how many of them were given something
CREATE OR REPLACE FUNCTION bookings_clear(wishes booking_wish[]) RETURNS integer
    LANGUAGE plpgsql AS $$
DECLARE
    wish booking_wish;
    given integer := 0;
    stale boolean := false;
    over bigint[];
BEGIN
    FOREACH wish IN ARRAY wishes LOOP
        CONTINUE WHEN wish.id IS NULL;
        given := given + 1;
        IF wish.stale THEN
            stale := true;
            over := over
                || holds_over(ARRAY[wish.staff_id], ARRAY[wish.room_id], wish.wanted, NULL);
        END IF;
    END LOOP;
    IF stale THEN
        PERFORM holds_expire(over);
        IF EXISTS (SELECT FROM unnest(wishes) w, bookings_booking b
                   WHERE w.id IS NOT NULL AND w.stale AND b.claimed && w.wanted
                       AND (b.staff_id = w.staff_id OR b.room_id = w.room_id)
                       AND b.status IN ('held', 'pending', 'confirmed')) THEN
            RAISE EXCEPTION 'bookings_no_overlap: a hold in the way was confirmed meanwhile'
                USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'bookings_no_overlap';
        END IF;
    END IF;
    RETURN given;
END $$;
