-- bookings_lock_staff: the locks of staff, then of rooms, each in ascending ids. Of closings and
-- time off that came in since it was judged, the rows of staff tell (rules_xid): the call is undone
-- with a serialization failure, and judged anew by whoever made it.
-- in:  staff, rooms (NULL: none), the snapshot that was judged by (or an earlier one)
CREATE OR REPLACE FUNCTION bookings_lock_staff(p_staff bigint[], p_rooms bigint[],
    judged_by pg_snapshot) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    changed integer;
BEGIN
    WITH held AS MATERIALIZED (
        SELECT s.rules_xid FROM catalogue_staff s WHERE s.id = ANY (p_staff)
        ORDER BY s.id FOR NO KEY UPDATE
    )
    SELECT count(*) INTO changed FROM held
    WHERE NOT pg_visible_in_snapshot(held.rules_xid, judged_by);
    IF changed > 0 THEN
        RAISE EXCEPTION 'judged by what is no more' USING ERRCODE = 'serialization_failure';
    END IF;
    IF p_rooms IS NOT NULL THEN
        PERFORM FROM catalogue_room r WHERE r.id = ANY (p_rooms) ORDER BY r.id FOR NO KEY UPDATE;
    END IF;
END $$;
