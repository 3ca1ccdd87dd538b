-- rules_changed: bookings that were judged before this, and wait for the locks that we hold, are
-- judged anew (bookings_decide and booking_reschedule look). For changes that say what bookings
-- there are: one that comes after them would make them wrong.
-- in:  staff: the member, who is locked; NULL: all of the salon
CREATE OR REPLACE FUNCTION rules_changed(p_salon bigint, p_staff bigint) RETURNS void
    LANGUAGE sql AS $$
    UPDATE catalogue_staff m SET rules_xid = pg_current_xact_id()
    WHERE m.salon_id = p_salon AND (p_staff IS NULL OR m.id = p_staff)
$$;
