-- booking_relation: as what a user may see and change a booking; NULL: not at all. Customers their
-- own, staff theirs, managers those of the salons they own, admins all; the nearest relation
-- counts. Those who work there are staff of a booking only as long as they do: who was let go, or
-- whose salon is closed, has nothing more to do with it. The owner of a closed salon has: somebody
-- must say what became of its last bookings.
-- in:  viewer (a user's id) and her role; customer, staff and salon of the booking
-- out: customer, staff, manager, admin, NULL
CREATE OR REPLACE FUNCTION booking_relation(viewer bigint, viewer_role text, customer bigint,
    staff bigint, salon bigint) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN customer = viewer THEN 'customer'
        WHEN viewer_role = 'customer' THEN NULL
        WHEN EXISTS (SELECT FROM catalogue_staff m
                     JOIN catalogue_salon s ON s.id = m.salon_id AND s.active
                     WHERE m.id = staff AND m.user_id = viewer AND m.active) THEN 'staff'
        WHEN viewer_role = 'admin' THEN 'admin'
        WHEN viewer_role = 'manager' AND EXISTS (
            SELECT FROM catalogue_salon s WHERE s.id = salon AND s.owner_id = viewer) THEN 'manager'
    END;
END $$;
