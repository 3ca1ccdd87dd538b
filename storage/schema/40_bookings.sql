-- Bookings, and the guarantee: two active bookings never share a member of staff, or a room, at any
-- instant.
--
--  held ---> pending ---> confirmed ---> completed | no_show
--    \-> expired   \          \
--     \-------------\----------\-------> cancelled            active: held, pending, confirmed
--
-- starts_at ... ends_at is the service, as people see it; `claimed` adds the service's buffers and
-- is what may not overlap. Plain columns for the first two: lists and checks walk b-trees on them.
-- A hold that has run out is in nobody's way, even while nobody has written that down.

CREATE TABLE bookings_booking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- No foreign key: one per column would share-lock the salon's and the service's row in every
    -- booking of a busy salon, and cost a query per booking to say what the creating function has
    -- just read, the member of staff under a lock. Those rows are never deleted
    -- (bookings_keep_what_they_name).
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
    -- the salon's policy on the day the booking was made (and auto_confirm, below)
    cancel_cutoff_minutes integer NOT NULL,
    late_cancel_fee_amount bigint NOT NULL,
    no_show_fee_amount bigint NOT NULL,
    deposit_amount bigint NOT NULL,
    fee_amount bigint NOT NULL DEFAULT 0, -- owed for a late cancel or no-show
    created_at timestamptz NOT NULL DEFAULT now(),
    cancelled_by text CHECK (cancelled_by IN ('customer', 'staff', 'manager', 'admin', 'system')),
    reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    notes text NOT NULL DEFAULT '' CHECK (length(notes) <= 1000),
    room_id bigint,
    visit_id bigint, -- the id of the visit's first booking; NULL: it is by itself
    auto_confirm boolean NOT NULL DEFAULT true,
    claim bigint GENERATED ALWAYS AS (claim_number(claimed)) STORED,
    -- the transaction that wrote the row last, and whose it was before it was moved (NULL: nobody
    -- else's); kept by the trigger below
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    former_staff bigint[],
    CONSTRAINT bookings_times CHECK (ends_at > starts_at
        AND claimed @> tstzrange(starts_at, ends_at)
        AND upper(claimed) - lower(claimed) <= interval '24 hours'),
    CONSTRAINT bookings_held_until CHECK ((status = 'held') <= (hold_expires_at IS NOT NULL)),
    CONSTRAINT bookings_no_overlap EXCLUDE USING gist (staff_id WITH =, claimed WITH &&)
        WHERE (status IN ('held', 'pending', 'confirmed')),
    CONSTRAINT bookings_no_room_overlap EXCLUDE USING gist (room_id WITH =, claimed WITH &&)
        WHERE (room_id IS NOT NULL AND status IN ('held', 'pending', 'confirmed'))
);
CREATE INDEX bookings_by_staff ON bookings_booking (staff_id, starts_at, id);
CREATE INDEX bookings_by_customer ON bookings_booking (customer_id, starts_at, id);
CREATE INDEX bookings_by_salon ON bookings_booking (salon_id, starts_at, id);
CREATE INDEX bookings_by_visit ON bookings_booking (visit_id) WHERE visit_id IS NOT NULL;
CREATE INDEX bookings_holds ON bookings_booking (hold_expires_at) WHERE status = 'held';

-- Claims as numbers (claim_number): an index alone answers when somebody is taken. Slots read every
-- claim of a month of twenty people: ten thousand of them. As ranges that is a visit to the table
-- and four function calls for each; as numbers in an index they are read where they stand
-- (measured: 2 ms of Postgres for twenty people, 31 days, 60 % booked). What decides needs one step
-- in it (claims_before).
CREATE INDEX bookings_claims ON bookings_booking (staff_id, claim)
    WHERE status IN ('held', 'pending', 'confirmed');
CREATE INDEX bookings_room_claims ON bookings_booking (room_id, claim)
    WHERE room_id IS NOT NULL AND status IN ('held', 'pending', 'confirmed');

-- Whose claims changed, told as the feed of the catalogue is: by the transaction that did it. Every
-- booking bears the transaction that wrote it last, so a look at the feed is a look at the end of
-- an index: no other row is written, nothing has to be swept, and bookings wait for nobody. Who
-- keeps claims in memory looks before each answer and reads again only those of whom the feed
-- tells.
CREATE INDEX bookings_changed ON bookings_booking (changed_xid);
CREATE TRIGGER bookings_note_change BEFORE UPDATE ON bookings_booking
    FOR EACH ROW EXECUTE FUNCTION bookings_note_change();

-- The other side of the foreign keys that bookings do without: what one names stays.
CREATE TRIGGER bookings_keep_salon BEFORE DELETE ON catalogue_salon
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_service BEFORE DELETE ON catalogue_service
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_staff BEFORE DELETE ON catalogue_staff
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_staff_in_salon BEFORE UPDATE OF salon_id ON catalogue_staff
    FOR EACH ROW WHEN (OLD.salon_id <> NEW.salon_id)
    EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_room BEFORE DELETE ON catalogue_room
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();
CREATE TRIGGER bookings_keep_customer BEFORE DELETE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION bookings_keep_what_they_name();

-- Every move of a booking, once: the key is the version that the move made.
CREATE TABLE bookings_history (
    booking_id bigint NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor_id bigint, -- NULL: the system
    actor_role text NOT NULL
        CHECK (actor_role IN ('customer', 'staff', 'manager', 'admin', 'system')),
    from_status text, -- NULL: it was made
    to_status text NOT NULL,
    request_id text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    from_starts_at timestamptz, -- of a reschedule: where it was
    from_staff_id bigint,
    -- What the customer owes now that the booking has ended: its price when it was completed, else
    -- the fee of its policy. NULL: it has not ended. Payments work this off: what was paid beyond
    -- it goes back.
    owed_amount bigint,
    PRIMARY KEY (booking_id, version)
);
CREATE TRIGGER bookings_history_append_only BEFORE UPDATE OR DELETE ON bookings_history
    FOR EACH ROW EXECUTE FUNCTION bookings_history_is_append_only();
CREATE TRIGGER bookings_history_not_emptied BEFORE TRUNCATE ON bookings_history
    FOR EACH STATEMENT EXECUTE FUNCTION bookings_history_is_append_only();

-- One booking as people see it; every statement that answers with bookings has these columns.
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

-- One service that is wanted at one time, on its way through bookings_decide: what is asked, what
-- was judged before any lock, what it got behind the locks.
CREATE TYPE booking_wish AS (
    n integer,              -- its place in the call, from 1
    unit integer,           -- the request it belongs to, from 1
    item integer,           -- its place in that request, from 1
    customer_id bigint,
    salon_id bigint,
    service_id bigint,
    anybody boolean,        -- no member was named: the least-loaded who is free
    starts_at timestamptz,
    ends_at timestamptz,
    wanted tstzrange,       -- with the service's buffers
    day date,               -- the salon's, and its zone
    timezone text,
    free bigint[],          -- staff who could; one, unless anybody will do
    rooms bigint[],         -- rooms that fit; NULL: it needs none
    refused text,           -- why (the reason's name); NULL: nothing speaks against it so far
    void boolean,           -- nothing is made of it: its request is refused, or replayed
    replayed boolean,       -- its request had its effect before; said by its first wish
    id bigint,              -- what it got: the booking to be, with whom and where; NULL: nothing
    staff_id bigint,
    room_id bigint,
    stale boolean           -- holds that have run out are in the way of that
);

-- The shape of an answer about bookings: a refusal, or a booking as people see it. (A view, so that
-- the columns of one are listed above and nowhere else; there are no rows.)
CREATE VIEW booking_decision AS
SELECT NULL::integer AS unit,   -- the request
    NULL::integer AS item,      -- the service of it that the row is about
    NULL::text AS refused,      -- why (the reason's name); NULL: granted, the rest is the booking
    NULL::text AS lang,         -- granted before, for the same key: the language of that answer
    s.*
FROM bookings_shown s WHERE false;
