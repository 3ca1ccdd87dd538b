-- The catalogue: salons with their hours and policies, services, rooms, staff and when they work,
-- photos.
--
-- Local times are minutes since midnight in the salon's zone. An interval that runs past midnight
-- ends after 1440 and belongs to the day on which it begins. Weekdays: 0 = Sunday ... 6 = Saturday.
-- Days off and extra hours are points in time: whoever enters them means one certain afternoon.
-- Rows that bookings name are never deleted: they become inactive (bookings_keep_what_they_name).

CREATE TABLE catalogue_salon (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id bigint NOT NULL REFERENCES accounts_user (id),
    active boolean NOT NULL DEFAULT true,
    -- hundredths of a star: 470 is 4.70; 0 while there is no review
    rating_hundredths smallint NOT NULL DEFAULT 0 CHECK (rating_hundredths BETWEEN 0 AND 500),
    review_count integer NOT NULL DEFAULT 0 CHECK (review_count >= 0),
    name_ar text NOT NULL CHECK (length(name_ar) BETWEEN 1 AND 150),
    name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 150),
    city_ar text NOT NULL CHECK (length(city_ar) BETWEEN 1 AND 80),
    city_en text NOT NULL CHECK (length(city_en) BETWEEN 1 AND 80),
    address text NOT NULL DEFAULT '' CHECK (length(address) <= 300),
    phone text NOT NULL DEFAULT '' CHECK (phone ~ '^(\+[1-9][0-9]{7,14})?$'),
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    timezone text NOT NULL DEFAULT 'Asia/Riyadh',
    -- starts of bookings: every so many minutes of the local day
    grid_minutes smallint NOT NULL DEFAULT 15
        CHECK (grid_minutes > 0 AND 1440 % grid_minutes = 0),
    notice_minutes integer NOT NULL DEFAULT 60 CHECK (notice_minutes BETWEEN 0 AND 43200),
    horizon_days smallint NOT NULL DEFAULT 60 CHECK (horizon_days BETWEEN 1 AND 366),
    -- the policy, copied onto each booking when it is made; amounts in minor units
    auto_confirm boolean NOT NULL DEFAULT true,
    cancel_cutoff_minutes integer NOT NULL DEFAULT 120
        CHECK (cancel_cutoff_minutes BETWEEN 0 AND 43200),
    late_cancel_fee_amount bigint NOT NULL DEFAULT 0 CHECK (late_cancel_fee_amount >= 0),
    no_show_fee_amount bigint NOT NULL DEFAULT 0 CHECK (no_show_fee_amount >= 0),
    deposit_amount bigint NOT NULL DEFAULT 0 CHECK (deposit_amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- what searches look at
    search_text text NOT NULL GENERATED ALWAYS AS
        (search_fold(name_ar || ' ' || name_en || ' ' || city_ar || ' ' || city_en)) STORED,
    city_ar_folded text NOT NULL GENERATED ALWAYS AS (search_fold(city_ar)) STORED,
    city_en_folded text NOT NULL GENERATED ALWAYS AS (search_fold(city_en)) STORED,
    CONSTRAINT catalogue_salon_coordinates_come_in_pairs
        CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE INDEX catalogue_salon_best_first ON catalogue_salon (rating_hundredths DESC, id)
    WHERE active;
CREATE INDEX catalogue_salon_search ON catalogue_salon USING gin (search_text gin_trgm_ops)
    WHERE active;
CREATE INDEX catalogue_salon_owner ON catalogue_salon (owner_id);

-- Several intervals a day are fine: a prayer break, or an evening that ends after midnight.
CREATE TABLE catalogue_opening (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL REFERENCES catalogue_salon (id),
    weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    opens_minute smallint NOT NULL CHECK (opens_minute BETWEEN 0 AND 1439),
    closes_minute smallint NOT NULL CHECK (closes_minute <= 2880),
    CONSTRAINT catalogue_opening_is_forward CHECK (closes_minute > opens_minute)
);
CREATE INDEX catalogue_opening_salon ON catalogue_opening (salon_id, weekday);

CREATE TABLE catalogue_service (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL REFERENCES catalogue_salon (id),
    active boolean NOT NULL DEFAULT true,
    duration_minutes smallint NOT NULL CHECK (duration_minutes BETWEEN 5 AND 720),
    buffer_before_minutes smallint NOT NULL DEFAULT 0
        CHECK (buffer_before_minutes BETWEEN 0 AND 240),
    buffer_after_minutes smallint NOT NULL DEFAULT 0
        CHECK (buffer_after_minutes BETWEEN 0 AND 240),
    price_amount bigint NOT NULL CHECK (price_amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    name_ar text NOT NULL CHECK (length(name_ar) BETWEEN 1 AND 150),
    name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 150),
    -- it has rows in catalogue_service_room, so that most services cost no look there; kept true by
    -- that table's trigger
    needs_room boolean NOT NULL DEFAULT false
);
CREATE INDEX catalogue_service_salon ON catalogue_service (salon_id, id);

-- A room is for one booking at a time, as a member of staff is.
CREATE TABLE catalogue_room (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL REFERENCES catalogue_salon (id),
    active boolean NOT NULL DEFAULT true,
    name_ar text NOT NULL CHECK (length(name_ar) BETWEEN 1 AND 150),
    name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 150)
);
CREATE INDEX catalogue_room_salon ON catalogue_room (salon_id, id);

-- Where a service may take place. A service without rows needs no room; with rows, one of them.
CREATE TABLE catalogue_service_room (
    service_id bigint NOT NULL REFERENCES catalogue_service (id),
    room_id bigint NOT NULL REFERENCES catalogue_room (id),
    PRIMARY KEY (service_id, room_id)
);
CREATE INDEX catalogue_service_room_room ON catalogue_service_room (room_id);
CREATE TRIGGER catalogue_service_room_changes
    AFTER INSERT OR UPDATE OR DELETE ON catalogue_service_room
    FOR EACH ROW EXECUTE FUNCTION catalogue_service_needs_room();

CREATE TABLE catalogue_staff (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL REFERENCES catalogue_salon (id),
    user_id bigint NOT NULL REFERENCES accounts_user (id),
    active boolean NOT NULL DEFAULT true,
    -- the transaction that last changed something which bookings with this member are judged by, in
    -- a way that must not pass unseen (rules_changed writes, bookings_decide and booking_reschedule
    -- look)
    rules_xid xid8 NOT NULL DEFAULT '0',
    CONSTRAINT catalogue_staff_once_per_salon UNIQUE (user_id, salon_id),
    CONSTRAINT catalogue_staff_in_salon UNIQUE (salon_id, id)
);

CREATE TABLE catalogue_staff_service (
    staff_id bigint NOT NULL REFERENCES catalogue_staff (id),
    service_id bigint NOT NULL REFERENCES catalogue_service (id),
    PRIMARY KEY (staff_id, service_id)
);
CREATE INDEX catalogue_staff_service_service ON catalogue_staff_service (service_id, staff_id);

CREATE TABLE catalogue_staff_window (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id bigint NOT NULL REFERENCES catalogue_staff (id),
    weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    starts_minute smallint NOT NULL CHECK (starts_minute BETWEEN 0 AND 1439),
    ends_minute smallint NOT NULL CHECK (ends_minute <= 2880),
    CONSTRAINT catalogue_staff_window_is_forward CHECK (ends_minute > starts_minute)
);
CREATE INDEX catalogue_staff_window_staff ON catalogue_staff_window (staff_id, weekday);

-- 'off': not there, whatever the windows say. 'extra': there, besides the windows. Off wins.
CREATE TABLE catalogue_staff_exception (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id bigint NOT NULL REFERENCES catalogue_staff (id),
    kind text NOT NULL CHECK (kind IN ('off', 'extra')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 200),
    CONSTRAINT catalogue_staff_exception_is_forward CHECK (ends_at > starts_at)
);
CREATE INDEX catalogue_staff_exception_staff ON catalogue_staff_exception (staff_id, ends_at);

CREATE TABLE catalogue_photo (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL REFERENCES catalogue_salon (id),
    -- SHA-256 of the content in hex, and its kind: together the name of the file
    content text NOT NULL CHECK (content ~ '^[0-9a-f]{64}$'),
    kind text NOT NULL CHECK (kind IN ('jpeg', 'png', 'webp')),
    width integer NOT NULL CHECK (width BETWEEN 1 AND 16384),
    height integer NOT NULL CHECK (height BETWEEN 1 AND 16384),
    bytes bigint NOT NULL CHECK (bytes > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT catalogue_photo_once_per_salon UNIQUE (salon_id, content)
);
CREATE INDEX catalogue_photo_content ON catalogue_photo (content);
