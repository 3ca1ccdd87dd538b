-- The desk: what managers and staff see of their salons, as the functions of the desk answer it,
-- and the reviews that customers leave.
--
-- Removing a salon, service, member of staff or room makes it inactive, and for the API it is gone.
-- It is refused (CATALOGUE_IN_USE, with their number) while active bookings lie ahead; how a
-- booking cannot slip in between: README.md, order of locks.

CREATE TABLE catalogue_review (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    salon_id bigint NOT NULL REFERENCES catalogue_salon (id),
    booking_id bigint NOT NULL REFERENCES bookings_booking (id)
        CONSTRAINT catalogue_review_once_per_booking UNIQUE,
    author_id bigint NOT NULL REFERENCES accounts_user (id),
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment text NOT NULL DEFAULT '' CHECK (length(comment) <= 2000),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX catalogue_review_salon ON catalogue_review (salon_id, id);
CREATE INDEX catalogue_review_author ON catalogue_review (author_id);

-- What a salon is to be; NULL: as it is, or at its default (salon_save).
CREATE TYPE salon_new AS (
    owner_id bigint,
    name_ar text, name_en text, city_ar text, city_en text, address text, phone text, timezone text,
    place boolean, -- write the position, which may be NULL
    latitude double precision, longitude double precision,
    grid_minutes integer, notice_minutes integer, horizon_days integer,
    auto_confirm boolean, cancel_cutoff_minutes integer,
    late_cancel_fee_amount bigint, no_show_fee_amount bigint, deposit_amount bigint,
    weekday bigint[], opens bigint[], closes bigint[] -- the hours, as a whole
);

CREATE VIEW desk_salon AS
SELECT s.id, s.name_ar, s.name_en, s.city_ar, s.city_en, s.address, s.phone, s.timezone,
    s.latitude, s.longitude, s.rating_hundredths, s.review_count,
    s.grid_minutes, s.notice_minutes, s.horizon_days,
    s.auto_confirm, s.cancel_cutoff_minutes, s.late_cancel_fee_amount, s.no_show_fee_amount,
    s.deposit_amount, s.currency, hours.weekday, hours.opens, hours.closes
FROM catalogue_salon s, LATERAL (
    SELECT coalesce(array_agg(o.weekday::bigint), '{}') AS weekday,
        coalesce(array_agg(o.opens_minute::bigint), '{}') AS opens,
        coalesce(array_agg(o.closes_minute::bigint), '{}') AS closes
    FROM (SELECT * FROM catalogue_opening o WHERE o.salon_id = s.id
          ORDER BY o.weekday, o.opens_minute, o.id) o) hours;

CREATE VIEW desk_service AS
SELECT v.id, v.name_ar, v.name_en, v.duration_minutes, v.buffer_before_minutes,
    v.buffer_after_minutes, v.price_amount, v.currency,
    ARRAY(SELECT q.room_id FROM catalogue_service_room q JOIN catalogue_room r ON r.id = q.room_id
          WHERE q.service_id = v.id AND r.active ORDER BY q.room_id) AS rooms
FROM catalogue_service v;

CREATE VIEW desk_room AS
SELECT r.id, r.name_ar, r.name_en FROM catalogue_room r;

CREATE VIEW desk_staff AS
SELECT m.id, m.user_id, person_label(u.first_name, u.last_name, u.phone_number) AS name,
    u.phone_number,
    ARRAY(SELECT o.service_id FROM catalogue_staff_service o
          JOIN catalogue_service v ON v.id = o.service_id AND v.active
          WHERE o.staff_id = m.id ORDER BY o.service_id) AS services,
    windows.weekday, windows.starts, windows.ends
FROM catalogue_staff m
JOIN accounts_user u ON u.id = m.user_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(w.weekday::bigint), '{}') AS weekday,
        coalesce(array_agg(w.starts_minute::bigint), '{}') AS starts,
        coalesce(array_agg(w.ends_minute::bigint), '{}') AS ends
    FROM (SELECT * FROM catalogue_staff_window w WHERE w.staff_id = m.id
          ORDER BY w.weekday, w.starts_minute, w.id) w) windows;

-- Port for the payments, which are to replace it by what they know: a row for each payment of a
-- booking. amount: what its status is about (what was refunded, when it is refunded).
CREATE VIEW booking_payment AS
SELECT NULL::bigint AS booking_id, NULL::text AS status, NULL::bigint AS amount WHERE false;
