-- staff_clashes: the active bookings of a member of staff that claim any of that time.
-- (This and staff_fitness are inlined by the planner: they cost no call.)
CREATE OR REPLACE FUNCTION staff_clashes(staff bigint, wanted tstzrange) RETURNS TABLE (booking_id bigint)
    LANGUAGE sql STABLE AS $$
    SELECT b.id FROM bookings_booking b
    WHERE b.staff_id = staff AND b.claimed && wanted AND b.status IN ('held', 'pending', 'confirmed')
$$;
