-- What the booking engine needs besides 0010 and 0011: rooms, visits, keys of requests.

-- A room is for one booking at a time, as a member of staff is.
CREATE TABLE catalogue_room (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL REFERENCES catalogue_salon (id),
    active boolean NOT NULL DEFAULT true,
    name_ar text NOT NULL CHECK (length(name_ar) BETWEEN 1 AND 150),
    name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 150)
);
CREATE INDEX catalogue_room_salon ON catalogue_room (salon_id, id);

-- The transaction that last changed something which bookings with this member are judged by, in a way that
-- must not pass unseen (0021 looks, rules_changed in 0030 writes).
ALTER TABLE catalogue_staff ADD COLUMN rules_xid xid8 NOT NULL DEFAULT '0';

-- Where a service may take place. A service without rows needs no room; with rows, one of them
-- (needs_room says which it is, so that most services cost no look here).
CREATE TABLE catalogue_service_room (
    service_id bigint NOT NULL REFERENCES catalogue_service (id),
    room_id bigint NOT NULL REFERENCES catalogue_room (id),
    PRIMARY KEY (service_id, room_id)
);
CREATE INDEX catalogue_service_room_room ON catalogue_service_room (room_id);
ALTER TABLE catalogue_service ADD COLUMN needs_room boolean NOT NULL DEFAULT false;

CREATE FUNCTION catalogue_service_needs_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE catalogue_service v SET needs_room = EXISTS (
            SELECT FROM catalogue_service_room q WHERE q.service_id = v.id)
        WHERE v.id = OLD.service_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE catalogue_service v SET needs_room = true WHERE v.id = NEW.service_id AND NOT v.needs_room;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER catalogue_service_room_changes AFTER INSERT OR UPDATE OR DELETE ON catalogue_service_room
    FOR EACH ROW EXECUTE FUNCTION catalogue_service_needs_room();

ALTER TABLE bookings_booking
    ADD COLUMN room_id bigint,
    ADD COLUMN visit_id bigint, -- the id of the visit's first booking; NULL: it is by itself
    ADD COLUMN auto_confirm boolean NOT NULL DEFAULT true, -- of the policy, as the columns beside it
    ADD CONSTRAINT bookings_no_room_overlap EXCLUDE USING gist (room_id WITH =, claimed WITH &&)
        WHERE (room_id IS NOT NULL AND status IN ('held', 'pending', 'confirmed'));
CREATE INDEX bookings_by_visit ON bookings_booking (visit_id) WHERE visit_id IS NOT NULL;
CREATE INDEX bookings_holds ON bookings_booking (hold_expires_at) WHERE status = 'held';

-- What a move changed besides the state.
ALTER TABLE bookings_history
    ADD COLUMN from_starts_at timestamptz, -- of a reschedule: where it was
    ADD COLUMN from_staff_id bigint,
    -- What the customer owes now that the booking has ended: its price when it was completed, else the fee
    -- of its policy. NULL: it has not ended. Payments work this off: what was paid beyond it goes back.
    ADD COLUMN owed_amount bigint;
-- (0011 refuses to change or delete rows; emptying the table passes no row.)
CREATE TRIGGER bookings_history_not_emptied BEFORE TRUNCATE ON bookings_history
    FOR EACH STATEMENT EXECUTE FUNCTION bookings_history_is_append_only();

-- The foreign key to the member of staff cost a query per booking to say what the creating function
-- has just read under a lock. What it said about deleting, the trigger says.
ALTER TABLE bookings_booking DROP CONSTRAINT bookings_staff_of_salon;
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
CREATE TRIGGER bookings_keep_staff BEFORE DELETE ON catalogue_staff
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_staff_in_salon BEFORE UPDATE OF salon_id ON catalogue_staff
    FOR EACH ROW WHEN (OLD.salon_id <> NEW.salon_id) EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_room BEFORE DELETE ON catalogue_room
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();

-- Idempotency-Key: what a request that had an effect was answered, written with the effect. `answer` is
-- what the answer was made from, in the words of the endpoint (for bookings: rows of bookings_shown as
-- they were then); the endpoint writes the same bytes from it in the language noted here.
CREATE TABLE idempotency_key (
    caller_id bigint NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint text NOT NULL, -- SHA-256 of method, path and body, in hex
    lang text NOT NULL,
    status smallint NOT NULL,
    answer jsonb NOT NULL,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (caller_id, key)
);
CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);

-- hold_or_expired: the state of a booking as people see it: a hold that has run out is expired even while
-- nobody has written that down yet. The database's clock decides.
CREATE FUNCTION hold_or_expired(status text, hold_expires_at timestamptz) RETURNS text
    LANGUAGE sql STABLE
RETURN CASE WHEN status = 'held' AND hold_expires_at <= now() THEN 'expired' ELSE status END;

-- One booking as people see it; every statement that answers with bookings has these columns. (The
-- former bookings_card is for programs older than this migration.)
CREATE VIEW bookings_shown AS
SELECT b.id, b.salon_id, b.service_id, b.staff_id, b.customer_id, b.starts_at, b.ends_at,
    hold_or_expired(b.status, b.hold_expires_at) AS status,
    b.version, b.hold_expires_at, b.price_amount, b.currency, b.deposit_amount, b.fee_amount,
    b.created_at, b.starts_at - make_interval(mins => b.cancel_cutoff_minutes) AS cancel_free_until,
    b.cancelled_by, b.reason, b.notes, b.visit_id, b.room_id,
    salon.timezone, salon.name_ar AS salon_name_ar, salon.name_en AS salon_name_en,
    service.name_ar AS service_name_ar, service.name_en AS service_name_en,
    person_label(worker.first_name, worker.last_name, worker.phone_number) AS staff_name,
    person_label(customer.first_name, customer.last_name, customer.phone_number) AS customer_name
FROM bookings_booking b
JOIN catalogue_salon salon ON salon.id = b.salon_id
JOIN catalogue_service service ON service.id = b.service_id
JOIN catalogue_staff staff ON staff.id = b.staff_id
JOIN accounts_user worker ON worker.id = staff.user_id
JOIN accounts_user customer ON customer.id = b.customer_id;
