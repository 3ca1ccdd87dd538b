-- bookings_keep_what_they_name: trigger: the other side of the foreign keys that bookings do
-- without. What one names stays, where it is.
-- out: the row, or foreign_key_violation with this name as the constraint
CREATE OR REPLACE FUNCTION bookings_keep_what_they_name() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named boolean;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'catalogue_salon' THEN
        named := EXISTS (SELECT FROM bookings_booking b WHERE b.salon_id = OLD.id);
    WHEN 'catalogue_service' THEN
        named := EXISTS (SELECT FROM bookings_booking b
                         WHERE b.salon_id = OLD.salon_id AND b.service_id = OLD.id);
    WHEN 'catalogue_staff' THEN
        named := EXISTS (SELECT FROM bookings_booking b WHERE b.staff_id = OLD.id);
    WHEN 'catalogue_room' THEN
        named := EXISTS (SELECT FROM bookings_booking b
                         WHERE b.salon_id = OLD.salon_id AND b.room_id = OLD.id);
    WHEN 'accounts_user' THEN
        named := EXISTS (SELECT FROM bookings_booking b WHERE b.customer_id = OLD.id);
    END CASE;
    IF named THEN
        RAISE EXCEPTION '% % is named by bookings', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bookings_keep_what_they_name';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;
