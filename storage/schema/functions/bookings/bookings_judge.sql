-- bookings_judge: what speaks against each of the services wanted, before any lock: what is refused
-- here has cost no lock, no write and no flush.
-- in:  as booking_prospects
-- out: the wishes, in their order; of a request the first that is refused says why, and all are
--      void
CREATE OR REPLACE FUNCTION bookings_judge(p_customer bigint[], p_salon bigint[], p_unit bigint[],
    p_service bigint[], p_staff bigint[], p_starts_at timestamptz[]) RETURNS booking_wish[]
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    wishes booking_wish[];
    wish booking_wish;
    over boolean; -- the request that is looked at is refused
BEGIN
    SELECT array_agg(p ORDER BY p.n) INTO wishes
    FROM booking_prospects(p_customer, p_salon, p_unit, p_service, p_staff, p_starts_at,
                           NULL, false) p;
    FOR i IN 1 .. cardinality(wishes) LOOP
        wish := wishes[i];
        over := over AND wish.item > 1;
        IF over THEN
            wishes[i].void := true;
            wishes[i].refused := NULL;
            CONTINUE;
        END IF;
        IF wish.refused IS NULL AND (wish.anybody OR wish.rooms IS NOT NULL) THEN
            wish := booking_candidates(wish, NULL);
            wish.void := wish.refused IS NOT NULL;
            wishes[i] := wish;
        END IF;
        over := wish.void;
        FOR j IN i - wish.item + 1 .. CASE WHEN over THEN i - 1 ELSE 0 END LOOP
            wishes[j].void := true;
        END LOOP;
    END LOOP;
    RETURN wishes;
END $$;
