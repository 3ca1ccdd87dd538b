-- Bookings, and the guarantee: two active bookings never share a member of staff at any instant.
--
--  held ---> pending ---> confirmed ---> completed | no_show
--    \-> expired   \          \
--     \-------------\----------\-------> cancelled            active: held, pending, confirmed
--
-- starts_at ... ends_at is the service, as people see it; `claimed` adds the service's buffers and is
-- what may not overlap. Plain columns for the first two: lists and checks walk b-trees on them.

CREATE TABLE bookings_booking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL,
    service_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    claimed tstzrange NOT NULL,
    status text NOT NULL CHECK (status IN
        ('held', 'pending', 'confirmed', 'completed', 'cancelled', 'no_show', 'expired')),
    version integer NOT NULL DEFAULT 1, -- one more with every move: moves compare and swap on it
    hold_expires_at timestamptz,
    price_amount bigint NOT NULL,
    currency text NOT NULL,
    -- the salon's policy on the day the booking was made
    cancel_cutoff_minutes integer NOT NULL,
    late_cancel_fee_amount bigint NOT NULL,
    no_show_fee_amount bigint NOT NULL,
    deposit_amount bigint NOT NULL,
    fee_amount bigint NOT NULL DEFAULT 0, -- owed for a late cancel or no-show
    created_at timestamptz NOT NULL DEFAULT now(),
    cancelled_by text CHECK (cancelled_by IN ('customer', 'staff', 'manager', 'admin', 'system')),
    reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    notes text NOT NULL DEFAULT '' CHECK (length(notes) <= 1000),
    -- Checked against the staff row alone, which its creation holds locked anyway. A foreign key per
    -- column would share-lock the salon's and the service's row in every booking of a busy salon, and
    -- those rows are never deleted (bookings_keep_what_they_name).
    CONSTRAINT bookings_staff_of_salon FOREIGN KEY (salon_id, staff_id)
        REFERENCES catalogue_staff (salon_id, id),
    CONSTRAINT bookings_times CHECK (ends_at > starts_at AND claimed @> tstzrange(starts_at, ends_at)
        AND upper(claimed) - lower(claimed) <= interval '24 hours'),
    CONSTRAINT bookings_held_until CHECK ((status = 'held') <= (hold_expires_at IS NOT NULL)),
    CONSTRAINT bookings_no_overlap EXCLUDE USING gist (staff_id WITH =, claimed WITH &&)
        WHERE (status IN ('held', 'pending', 'confirmed'))
);
CREATE INDEX bookings_by_staff ON bookings_booking (staff_id, starts_at, id);
CREATE INDEX bookings_by_customer ON bookings_booking (customer_id, starts_at, id);
CREATE INDEX bookings_by_salon ON bookings_booking (salon_id, starts_at, id);

-- Every move of a booking, once: the key is the version that the move made.
CREATE TABLE bookings_history (
    booking_id bigint NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor_id bigint, -- NULL: the system
    actor_role text NOT NULL CHECK (actor_role IN ('customer', 'staff', 'manager', 'admin', 'system')),
    from_status text, -- NULL: it was made
    to_status text NOT NULL,
    request_id text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    PRIMARY KEY (booking_id, version)
);

CREATE FUNCTION bookings_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'bookings_history is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER bookings_history_append_only BEFORE UPDATE OR DELETE ON bookings_history
    FOR EACH ROW EXECUTE FUNCTION bookings_history_is_append_only();

-- The other side of the foreign keys that bookings do without: what one names stays.
CREATE FUNCTION bookings_keep_what_they_name() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named boolean;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'catalogue_salon' THEN
        named := EXISTS (SELECT FROM bookings_booking b WHERE b.salon_id = OLD.id);
    WHEN 'catalogue_service' THEN
        named := EXISTS (SELECT FROM bookings_booking b
                         WHERE b.salon_id = OLD.salon_id AND b.service_id = OLD.id);
    WHEN 'accounts_user' THEN
        named := EXISTS (SELECT FROM bookings_booking b WHERE b.customer_id = OLD.id);
    END CASE;
    IF named THEN
        RAISE EXCEPTION '% % is named by bookings', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bookings_keep_what_they_name';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER bookings_keep_salon BEFORE DELETE ON catalogue_salon
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_service BEFORE DELETE ON catalogue_service
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_customer BEFORE DELETE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
