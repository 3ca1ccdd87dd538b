-- bookings_place: behind the locks: who gets what. Only what others can have changed meanwhile is
-- looked at again; and what this call has given away by itself is gone.
-- in:  the wishes, in their order; customer and hold (0 or 1) per request; open_max, hold_max: as
--      bookings_decide
-- out: the wishes: what they got, or why not
CREATE OR REPLACE FUNCTION bookings_place(wishes booking_wish[], p_customer bigint[],
    p_hold bigint[], p_open_max integer, p_hold_max integer) RETURNS booking_wish[]
    LANGUAGE plpgsql AS $$
DECLARE
    spot record;
    wish booking_wish;
    given bigint[] := '{}'; -- members who got services in this call,
    taken tstzmultirange[] := '{}'; -- and when
    at integer;
BEGIN
    FOR spot IN
        SELECT w.n, (
                SELECT count(*)::integer FROM bookings_booking b
                WHERE b.customer_id = w.customer_id AND b.starts_at > now()
                    AND b.status IN ('held', 'pending', 'confirmed')
                    AND (b.status <> 'held' OR b.hold_expires_at > now())) AS ahead, (
                SELECT b.claimed && w.wanted FROM bookings_booking b
                WHERE b.staff_id = w.free[1] AND b.claim < claims_before(w.wanted)
                    AND b.status IN ('held', 'pending', 'confirmed')
                ORDER BY b.claim DESC LIMIT 1) AS near
        FROM unnest(wishes) w WHERE NOT w.void
    LOOP
        wish := wishes[spot.n];
        CONTINUE WHEN wish.void; -- by now: another service of its request was refused
        IF wish.item > 1 OR array_position(p_customer, wish.customer_id) < wish.unit THEN
            spot.ahead := spot.ahead + booking_given(wishes, wish);
        END IF;
        wish.refused := CASE
            WHEN p_hold_max > 0 AND p_hold[wish.unit] = 1 AND wish.item = 1 -- a visit is one hold
                AND booking_holding(wishes, wish, p_hold) >= p_hold_max
                THEN 'BOOKING_TOO_MANY_HOLDS'
            WHEN p_open_max > 0 AND spot.ahead >= p_open_max THEN 'BOOKING_TOO_MANY'
        END;
        IF wish.refused IS NULL THEN
            IF wish.anybody OR spot.near THEN
                wish := booking_pick(wishes, wish, given, taken);
            ELSIF (taken[array_position(given, wish.free[1])] && wish.wanted) IS NOT TRUE THEN
                wish.staff_id := wish.free[1];
            END IF;
            IF wish.staff_id IS NOT NULL AND wish.rooms IS NOT NULL THEN
                wish := booking_pick_room(wishes, wish);
            END IF;
        END IF;
        IF wish.staff_id IS NULL THEN -- all services of a visit, or none
            FOR i IN wish.n - wish.item + 1 .. cardinality(wishes) LOOP
                EXIT WHEN wishes[i].unit <> wish.unit;
                IF wishes[i].id IS NOT NULL THEN
                    at := array_position(given, wishes[i].staff_id);
                    taken[at] := taken[at] - tstzmultirange(wishes[i].wanted);
                    wishes[i].id := NULL;
                END IF;
                wishes[i].void := true;
            END LOOP;
            wishes[wish.n].refused := coalesce(wish.refused, 'SLOT_TAKEN');
            CONTINUE;
        END IF;
        wish.id := nextval('bookings_booking_id_seq');
        wishes[wish.n] := wish;
        at := coalesce(array_position(given, wish.staff_id), cardinality(given) + 1);
        given[at] := wish.staff_id;
        taken[at] := coalesce(taken[at], '{}') + tstzmultirange(wish.wanted);
    END LOOP;
    RETURN wishes;
END $$;
