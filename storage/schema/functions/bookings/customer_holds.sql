-- customer_holds: behind the locks: how many holds a customer has. A held visit is one hold.
-- in:  customer (a user's id)      out: how many
CREATE OR REPLACE FUNCTION customer_holds(customer bigint) RETURNS integer
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(DISTINCT coalesce(b.visit_id, b.id)) FROM bookings_booking b
            WHERE b.customer_id = customer AND b.starts_at > now() AND b.status = 'held'
                AND b.hold_expires_at > now());
END $$;
