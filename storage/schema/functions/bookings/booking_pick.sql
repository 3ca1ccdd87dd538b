-- booking_pick: of the staff who could, the one who is free and has the least to do that day, ties
-- by id. What this call gave away counts, as work and as being taken.
-- in:  the wishes, this one; given, taken: members who got services in this call, and when
-- out: the wish, with staff_id (NULL: nobody is free) and stale
CREATE OR REPLACE FUNCTION booking_pick(wishes booking_wish[], wish booking_wish, given bigint[],
    taken tstzmultirange[]) RETURNS booking_wish
    LANGUAGE plpgsql AS $$
DECLARE
    team record;
    best integer;
    load integer;
BEGIN
    SELECT * INTO team FROM booking_team(wish, NULL);
    wish.stale := team.stale;
    FOR j IN 1 .. coalesce(cardinality(team.free), 0) LOOP
        load := team.loads[j];
        IF array_position(given, team.free[j]) IS NOT NULL THEN
            CONTINUE WHEN taken[array_position(given, team.free[j])] && wish.wanted;
            FOR i IN 1 .. wish.n - 1 LOOP
                CONTINUE WHEN wishes[i].id IS NULL OR wishes[i].staff_id <> team.free[j];
                load := load + (wishes[i].day = wish.day)::integer;
            END LOOP;
        END IF;
        IF best IS NULL OR load < best OR load = best AND team.free[j] < wish.staff_id THEN
            best := load;
            wish.staff_id := team.free[j];
        END IF;
    END LOOP;
    RETURN wish;
END $$;
