-- booking_side: as what somebody belongs to the salon's side of a booking; NULL: not at all. The
-- system belongs to it.
-- in:  viewer (a user's id) and her role ('system': the system); staff and salon of the booking
-- out: staff, manager, admin, system, NULL
CREATE OR REPLACE FUNCTION booking_side(viewer bigint, viewer_role text, staff bigint,
    salon bigint) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE WHEN viewer_role = 'system' THEN viewer_role
        ELSE booking_relation(viewer, viewer_role, NULL, staff, salon) END;
END $$;
