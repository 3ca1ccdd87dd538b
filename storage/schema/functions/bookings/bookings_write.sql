-- bookings_write: what was given becomes bookings, by the policy and the prices of now, each with
-- the first row of its history.
-- in:  the wishes; per request: hold (0 or 1), notes, request_id; hold_seconds: how long a hold
--      lasts
CREATE OR REPLACE FUNCTION bookings_write(wishes booking_wish[], p_hold bigint[],
    p_hold_seconds integer, p_notes text[], p_request_id text[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    WITH new AS MATERIALIZED (
        SELECT w.*, CASE
                WHEN p_hold[w.unit] = 1 THEN 'held'
                WHEN salon.auto_confirm AND salon.deposit_amount = 0 THEN 'confirmed'
                ELSE 'pending' END AS status,
            service.price_amount, service.currency, salon.cancel_cutoff_minutes,
            salon.late_cancel_fee_amount, salon.no_show_fee_amount, salon.deposit_amount,
            salon.auto_confirm
        FROM unnest(wishes) w
        JOIN catalogue_salon salon ON salon.id = w.salon_id
        JOIN catalogue_service service ON service.id = w.service_id
        WHERE w.id IS NOT NULL
    ), noted AS (
        INSERT INTO bookings_history (booking_id, version, at, actor_id, actor_role, to_status,
            request_id)
        SELECT m.id, 1, now(), m.customer_id, 'customer', m.status, p_request_id[m.unit] FROM new m
    )
    INSERT INTO bookings_booking (id, salon_id, service_id, staff_id, customer_id, starts_at,
        ends_at, claimed, status, hold_expires_at, price_amount, currency, cancel_cutoff_minutes,
        late_cancel_fee_amount, no_show_fee_amount, deposit_amount, auto_confirm, created_at,
        notes, room_id, visit_id)
    OVERRIDING SYSTEM VALUE
    SELECT m.id, m.salon_id, m.service_id, m.staff_id, m.customer_id, m.starts_at, m.ends_at,
        m.wanted, m.status,
        CASE WHEN m.status = 'held' THEN now() + make_interval(secs => p_hold_seconds) END,
        m.price_amount, m.currency, m.cancel_cutoff_minutes, m.late_cancel_fee_amount,
        m.no_show_fee_amount, m.deposit_amount, m.auto_confirm, now(), p_notes[m.unit], m.room_id,
        -- the first of a visit gives it its id
        CASE WHEN m.item > 1 OR (wishes[m.n + 1]).unit = m.unit
            THEN (wishes[m.n - m.item + 1]).id END
    FROM new m;
END $$;
