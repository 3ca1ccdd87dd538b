-- booking_side: as what a user belongs to the salon's side of a booking; NULL: not at all.
-- in:  viewer (a user's id) and her role; staff and salon of the booking
-- out: staff, manager, admin, NULL
CREATE OR REPLACE FUNCTION booking_side(viewer bigint, viewer_role text, staff bigint, salon bigint)
    RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN booking_relation(viewer, viewer_role, NULL, staff, salon);
END $$;
