-- The desk: what managers and staff do to their salons. One function per change; it decides about the
-- right to make it, makes it and shows the result.
--
-- Verdicts (domain/desk/desk_verdicts.def lists them): 'ok', or the one cause of the refusal, the first
-- that applies in this order: who asks is nobody ('actor_unknown'), has not the role ('forbidden'), or
-- the thing is not there or not theirs ('not_found'); then what speaks against the change.
--
-- What bookings name is never deleted: removing a salon, service, member of staff or room makes it
-- inactive, and for the API it is gone. It is refused ('has_bookings', with their number) while active
-- bookings lie ahead. Rows of catalogue_staff are locked in ascending id before bookings are counted,
-- the salon's row before those: a booking takes the lock of its member of staff too, so it is either
-- counted here or comes later, and is then judged by what it finds (rules_changed).

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

-- ---- who may ---------------------------------------------------------------------------------------

-- salon_office: may this user manage that salon? NULL: yes.
CREATE FUNCTION salon_office(p_actor bigint, p_salon bigint, OUT verdict text, OUT lang text)
    LANGUAGE sql STABLE AS $$
    SELECT CASE
            WHEN u.id IS NULL THEN 'actor_unknown'
            WHEN u.role NOT IN ('manager', 'admin') THEN 'forbidden'
            WHEN s.id IS NULL THEN 'not_found' END,
        u.preferred_language
    FROM (SELECT 1) AS one
    LEFT JOIN accounts_user u ON u.id = p_actor
    LEFT JOIN catalogue_salon s ON s.id = p_salon AND s.active AND (u.role = 'admin' OR s.owner_id = u.id)
$$;

-- salon_office_hold: as salon_office, and whoever may goes on alone: the salon's row stays locked.
CREATE FUNCTION salon_office_hold(p_actor bigint, p_salon bigint, OUT verdict text, OUT lang text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NULL THEN
        PERFORM FROM catalogue_salon s WHERE s.id = p_salon AND s.active FOR NO KEY UPDATE;
        verdict := CASE WHEN NOT FOUND THEN 'not_found' END;
    END IF;
END $$;

-- salon_still: as salon_office_hold, and no booking is decided there until the transaction ends.
CREATE FUNCTION salon_still(p_actor bigint, p_salon bigint, OUT verdict text, OUT lang text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    IF verdict IS NULL THEN
        PERFORM FROM catalogue_staff m WHERE m.salon_id = p_salon ORDER BY m.id FOR NO KEY UPDATE;
    END IF;
END $$;

-- rules_changed: bookings that were judged before this, and wait for the locks that we hold, are judged anew
-- (0021). For changes that say what bookings there are: one that comes after them would make them wrong.
-- in:  staff: the member, who is locked; NULL: all of the salon
CREATE FUNCTION rules_changed(p_salon bigint, p_staff bigint) RETURNS void
    LANGUAGE sql AS $$
    UPDATE catalogue_staff m SET rules_xid = pg_current_xact_id()
    WHERE m.salon_id = p_salon AND (p_staff IS NULL OR m.id = p_staff)
$$;

-- salon_shop_floor: as salon_office, but those who work there may as well; `own` is then the only member
-- of staff they may look at, NULL for managers.
CREATE FUNCTION salon_shop_floor(p_actor bigint, p_salon bigint, OUT verdict text, OUT lang text,
    OUT own bigint)
    LANGUAGE sql STABLE AS $$
    SELECT CASE
            WHEN u.id IS NULL THEN 'actor_unknown'
            WHEN u.role = 'customer' THEN 'forbidden'
            WHEN s.id IS NULL OR NOT (m.id IS NOT NULL OR u.role = 'admin'
                OR (u.role = 'manager' AND s.owner_id = u.id)) THEN 'not_found' END,
        u.preferred_language,
        CASE WHEN NOT (u.role = 'admin' OR (u.role = 'manager' AND s.owner_id = u.id)) THEN m.id END
    FROM (SELECT 1) AS one
    LEFT JOIN accounts_user u ON u.id = p_actor
    LEFT JOIN catalogue_salon s ON s.id = p_salon AND s.active
    LEFT JOIN catalogue_staff m ON m.salon_id = s.id AND m.user_id = u.id AND m.active
$$;

-- bookings_ahead: active bookings of a salon that are not over. NULL: of any service, staff, room. Holds
-- that have run out are written off first: one that is just being confirmed is waited for, and counts.
CREATE FUNCTION bookings_ahead(p_salon bigint, p_service bigint, p_staff bigint, p_room bigint)
    RETURNS bigint
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM holds_expire(ARRAY(
        SELECT b.id FROM bookings_booking b
        WHERE b.salon_id = p_salon AND b.starts_at > now() - interval '24 hours' AND b.ends_at > now()
            AND b.status = 'held' AND b.hold_expires_at <= now()));
    RETURN (
        SELECT count(*) FROM bookings_booking b
        WHERE b.salon_id = p_salon AND b.starts_at > now() - interval '24 hours' AND b.ends_at > now()
            AND b.status IN ('held', 'pending', 'confirmed')
            AND (p_service IS NULL OR b.service_id = p_service) AND (p_staff IS NULL OR b.staff_id = p_staff)
            AND (p_room IS NULL OR b.room_id = p_room));
END $$;

-- ---- the same request again ------------------------------------------------------------------------

-- desk_before: was this request answered before? NULL: no, or it has no key. Twins of one caller come one
-- after the other (the lock that bookings take, see 0021).
-- in:  key and fingerprint (Idempotency-Key; '': none)
-- out: verdict (replay, key_reused), lang and kept: the language and the card of the first answer
CREATE FUNCTION desk_before(p_actor bigint, p_key text, p_fingerprint text, OUT verdict text, OUT lang text,
    OUT kept jsonb)
    LANGUAGE plpgsql AS $$
BEGIN
    IF p_key = '' THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(1101, (p_actor % 2147483647)::integer);
    SELECT seen.verdict INTO verdict
    FROM idempotency_seen(ARRAY[p_actor], ARRAY[p_key], ARRAY[p_fingerprint]) seen;
    SELECT coalesce(k.lang, u.preferred_language), k.answer INTO lang, kept
    FROM accounts_user u LEFT JOIN idempotency_key k
        ON verdict = 'replay' AND k.caller_id = u.id AND k.key = p_key
    WHERE u.id = p_actor;
END $$;

-- desk_remember: keeps the card of an answer under the request's key, if it has one.
-- in:  asked: the language of the answer ('': `p_lang`, what the actor prefers)
CREATE FUNCTION desk_remember(p_actor bigint, p_key text, p_fingerprint text, p_asked text, p_lang text,
    p_card jsonb) RETURNS void
    LANGUAGE sql AS $$
    INSERT INTO idempotency_key AS k (caller_id, key, fingerprint, lang, status, answer)
    SELECT p_actor, p_key, p_fingerprint, coalesce(nullif(p_asked, ''), p_lang), 201, p_card
    WHERE p_key <> ''
    ON CONFLICT (caller_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, lang = excluded.lang,
        status = excluded.status, answer = excluded.answer, expires_at = excluded.expires_at
    WHERE k.expires_at <= now()
$$;

-- ---- salons ----------------------------------------------------------------------------------------

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

-- salon_save: makes a salon (p_salon NULL) or changes one. (Every creation here may have a key: see
-- desk_before.) NULL leaves a column as it is, or at its
-- default. Hours are replaced as a whole. p_place: write the position, which may be NULL.
-- out: verdict (ok, actor_unknown, forbidden, not_found, owner_unknown, too_many), lang, card
CREATE FUNCTION salon_save(p_actor bigint, p_salon bigint, p_owner bigint,
    p_name_ar text, p_name_en text, p_city_ar text, p_city_en text, p_address text, p_phone text,
    p_timezone text, p_place boolean, p_latitude double precision, p_longitude double precision,
    p_grid integer, p_notice integer, p_horizon integer, p_auto_confirm boolean, p_cutoff integer,
    p_late_fee bigint, p_no_show_fee bigint, p_deposit bigint,
    p_weekday bigint[], p_opens bigint[], p_closes bigint[], p_most bigint, p_asked text, p_key text, p_fingerprint text,
    OUT verdict text, OUT lang text, OUT card desk_salon)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
    the bigint := p_salon;
    actor record;
    owner bigint;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        card := jsonb_populate_record(NULL::desk_salon, kept);
        RETURN;
    END IF;
    SELECT u.role, u.preferred_language INTO actor FROM accounts_user u WHERE u.id = p_actor;
    IF p_salon IS NULL THEN
        lang := actor.preferred_language;
        verdict := CASE WHEN lang IS NULL THEN 'actor_unknown'
            WHEN actor.role NOT IN ('manager', 'admin') THEN 'forbidden' END;
    ELSE
        SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    END IF;
    IF verdict IS NULL AND p_owner IS NOT NULL AND NOT EXISTS (
        SELECT FROM accounts_user u WHERE u.id = p_owner AND u.role IN ('manager', 'admin')
            AND (actor.role = 'admin' OR u.id = p_actor)) THEN
        verdict := 'owner_unknown';
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;

    IF the IS NULL THEN
        owner := coalesce(p_owner, p_actor);
        PERFORM FROM accounts_user u WHERE u.id = owner FOR NO KEY UPDATE; -- one at a time is counted
        IF (SELECT count(*) FROM catalogue_salon s WHERE s.owner_id = owner AND s.active) >= p_most THEN
            verdict := 'too_many';
            RETURN;
        END IF;
        INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en)
        VALUES (owner, p_name_ar, p_name_en, p_city_ar, p_city_en) RETURNING id INTO the;
    END IF;
    UPDATE catalogue_salon s SET
        owner_id = coalesce(p_owner, s.owner_id),
        name_ar = coalesce(p_name_ar, s.name_ar), name_en = coalesce(p_name_en, s.name_en),
        city_ar = coalesce(p_city_ar, s.city_ar), city_en = coalesce(p_city_en, s.city_en),
        address = coalesce(p_address, s.address), phone = coalesce(p_phone, s.phone),
        timezone = coalesce(p_timezone, s.timezone),
        latitude = CASE WHEN p_place THEN p_latitude ELSE s.latitude END,
        longitude = CASE WHEN p_place THEN p_longitude ELSE s.longitude END,
        grid_minutes = coalesce(p_grid, s.grid_minutes),
        notice_minutes = coalesce(p_notice, s.notice_minutes),
        horizon_days = coalesce(p_horizon, s.horizon_days),
        auto_confirm = coalesce(p_auto_confirm, s.auto_confirm),
        cancel_cutoff_minutes = coalesce(p_cutoff, s.cancel_cutoff_minutes),
        late_cancel_fee_amount = coalesce(p_late_fee, s.late_cancel_fee_amount),
        no_show_fee_amount = coalesce(p_no_show_fee, s.no_show_fee_amount),
        deposit_amount = coalesce(p_deposit, s.deposit_amount)
    WHERE s.id = the;
    IF p_weekday IS NOT NULL THEN
        DELETE FROM catalogue_opening o WHERE o.salon_id = the;
        INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute)
        SELECT the, h.* FROM unnest(p_weekday, p_opens, p_closes) h;
    END IF;
    SELECT * INTO card FROM desk_salon d WHERE d.id = the;
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang, to_jsonb(card));
    verdict := 'ok';
END $$;

-- salon_close: a salon is no more. What lies in the past stays.
-- out: verdict (ok, actor_unknown, forbidden, not_found, has_bookings), lang, busy: active bookings ahead
CREATE FUNCTION salon_close(p_actor bigint, p_salon bigint, OUT verdict text, OUT lang text, OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_still(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, NULL, NULL, NULL);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_salon s SET active = false WHERE s.id = p_salon;
    PERFORM rules_changed(p_salon, NULL);
    verdict := 'ok';
END $$;

-- ---- services and rooms ----------------------------------------------------------------------------

CREATE VIEW desk_service AS
SELECT v.id, v.name_ar, v.name_en, v.duration_minutes, v.buffer_before_minutes,
    v.buffer_after_minutes, v.price_amount, v.currency,
    ARRAY(SELECT q.room_id FROM catalogue_service_room q JOIN catalogue_room r ON r.id = q.room_id
          WHERE q.service_id = v.id AND r.active ORDER BY q.room_id) AS rooms
FROM catalogue_service v;

-- service_save: as salon_save. Rooms are replaced as a whole.
-- out: verdict (ok, actor_unknown, forbidden, not_found, room_unknown, too_many), lang, card
CREATE FUNCTION service_save(p_actor bigint, p_salon bigint, p_service bigint, p_name_ar text,
    p_name_en text, p_duration integer, p_before integer, p_after integer, p_price bigint,
    p_rooms bigint[], p_most bigint, p_asked text, p_key text, p_fingerprint text, OUT verdict text, OUT lang text, OUT card desk_service)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
    the bigint := p_service;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        card := jsonb_populate_record(NULL::desk_service, kept);
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    verdict := CASE
        WHEN verdict IS NOT NULL THEN verdict
        WHEN the IS NOT NULL AND NOT EXISTS (
            SELECT FROM catalogue_service v WHERE v.id = the AND v.salon_id = p_salon AND v.active)
            THEN 'not_found'
        WHEN EXISTS (SELECT FROM unnest(p_rooms) AS q (id) WHERE NOT EXISTS (
            SELECT FROM catalogue_room r WHERE r.id = q.id AND r.salon_id = p_salon AND r.active))
            THEN 'room_unknown'
        WHEN the IS NULL AND (SELECT count(*) FROM catalogue_service v
                              WHERE v.salon_id = p_salon AND v.active) >= p_most THEN 'too_many' END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    IF the IS NULL THEN
        INSERT INTO catalogue_service (salon_id, name_ar, name_en, duration_minutes, price_amount, currency)
        SELECT p_salon, p_name_ar, p_name_en, p_duration, p_price, s.currency
        FROM catalogue_salon s WHERE s.id = p_salon RETURNING id INTO the;
    END IF;
    UPDATE catalogue_service v SET
        name_ar = coalesce(p_name_ar, v.name_ar), name_en = coalesce(p_name_en, v.name_en),
        duration_minutes = coalesce(p_duration, v.duration_minutes),
        buffer_before_minutes = coalesce(p_before, v.buffer_before_minutes),
        buffer_after_minutes = coalesce(p_after, v.buffer_after_minutes),
        price_amount = coalesce(p_price, v.price_amount)
    WHERE v.id = the;
    IF p_rooms IS NOT NULL THEN
        DELETE FROM catalogue_service_room q WHERE q.service_id = the;
        INSERT INTO catalogue_service_room (service_id, room_id) SELECT DISTINCT the, r FROM unnest(p_rooms) r;
    END IF;
    SELECT * INTO card FROM desk_service d WHERE d.id = the;
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang, to_jsonb(card));
    verdict := 'ok';
END $$;

-- service_close, room_close: as salon_close.
CREATE FUNCTION service_close(p_actor bigint, p_salon bigint, p_service bigint, OUT verdict text,
    OUT lang text, OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_still(p_actor, p_salon) o;
    IF verdict IS NULL AND NOT EXISTS (SELECT FROM catalogue_service v
        WHERE v.id = p_service AND v.salon_id = p_salon AND v.active) THEN
        verdict := 'not_found';
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, p_service, NULL, NULL);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_service v SET active = false WHERE v.id = p_service;
    PERFORM rules_changed(p_salon, NULL);
    verdict := 'ok';
END $$;

CREATE FUNCTION room_close(p_actor bigint, p_salon bigint, p_room bigint, OUT verdict text, OUT lang text,
    OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_still(p_actor, p_salon) o;
    IF verdict IS NULL AND NOT EXISTS (SELECT FROM catalogue_room r
        WHERE r.id = p_room AND r.salon_id = p_salon AND r.active) THEN
        verdict := 'not_found';
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, NULL, NULL, p_room);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_room r SET active = false WHERE r.id = p_room;
    PERFORM rules_changed(p_salon, NULL);
    verdict := 'ok';
END $$;

-- room_save: as salon_save.
-- out: verdict (ok, actor_unknown, forbidden, not_found, too_many), lang, id, name_ar, name_en
CREATE FUNCTION room_save(p_actor bigint, p_salon bigint, p_room bigint, p_name_ar text, p_name_en text,
    p_most bigint, p_asked text, p_key text, p_fingerprint text, OUT verdict text, OUT lang text, OUT id bigint, OUT name_ar text, OUT name_en text)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        id := kept ->> 'id';
        name_ar := kept ->> 'name_ar';
        name_en := kept ->> 'name_en';
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    IF p_room IS NULL AND (SELECT count(*) FROM catalogue_room r
                           WHERE r.salon_id = p_salon AND r.active) >= p_most THEN
        verdict := 'too_many';
        RETURN;
    END IF;
    IF p_room IS NULL THEN
        INSERT INTO catalogue_room AS r (salon_id, name_ar, name_en) VALUES (p_salon, p_name_ar, p_name_en)
        RETURNING r.id, r.name_ar, r.name_en INTO id, name_ar, name_en;
        PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang,
            jsonb_build_object('id', id, 'name_ar', name_ar, 'name_en', name_en));
    ELSE
        UPDATE catalogue_room r SET name_ar = coalesce(p_name_ar, r.name_ar),
            name_en = coalesce(p_name_en, r.name_en)
        WHERE r.id = p_room AND r.salon_id = p_salon AND r.active
        RETURNING r.id, r.name_ar, r.name_en INTO id, name_ar, name_en;
    END IF;
    verdict := CASE WHEN id IS NULL THEN 'not_found' ELSE 'ok' END;
END $$;

-- ---- staff -----------------------------------------------------------------------------------------

CREATE VIEW desk_staff AS
SELECT m.id, m.user_id, person_label(u.first_name, u.last_name, u.phone_number) AS name, u.phone_number,
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

-- staff_save: takes somebody on by phone number (p_staff NULL), or changes what a member offers and when.
-- A phone that nobody has gets an account (unverified: logging in still needs its code), with the names
-- given; an account that is there keeps its own names if it has any, and a customer becomes staff. Without
-- a name nobody is taken on: everybody would be shown her phone number in its place. Who was removed
-- comes back under the same id. Services and windows are replaced as a whole; NULL leaves them.
-- out: verdict (ok, actor_unknown, forbidden, not_found, already_staff, service_unknown, too_many,
--      name_needed), lang, card
CREATE FUNCTION staff_save(p_actor bigint, p_salon bigint, p_staff bigint, p_phone text, p_first_name text,
    p_last_name text, p_services bigint[], p_weekday bigint[], p_starts bigint[], p_ends bigint[],
    p_most bigint, p_asked text, p_key text, p_fingerprint text, OUT verdict text, OUT lang text, OUT card desk_staff)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
    the bigint := p_staff;
    member record;
    person bigint;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        card := jsonb_populate_record(NULL::desk_staff, kept);
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    IF verdict IS NULL AND EXISTS (SELECT FROM unnest(p_services) AS q (id) WHERE NOT EXISTS (
        SELECT FROM catalogue_service v WHERE v.id = q.id AND v.salon_id = p_salon AND v.active)) THEN
        verdict := 'service_unknown';
    END IF;
    IF the IS NULL THEN
        SELECT m.id, m.active INTO member
        FROM accounts_user u JOIN catalogue_staff m ON m.user_id = u.id AND m.salon_id = p_salon
        WHERE u.phone_number = p_phone;
        verdict := CASE
            WHEN verdict IS NOT NULL THEN verdict
            WHEN member.active THEN 'already_staff'
            WHEN (SELECT count(*) FROM catalogue_staff m WHERE m.salon_id = p_salon AND m.active) >= p_most
                THEN 'too_many'
            WHEN coalesce(p_first_name, '') || coalesce(p_last_name, '') = '' AND NOT EXISTS (
                SELECT FROM accounts_user u WHERE u.phone_number = p_phone AND u.first_name || u.last_name <> '')
                THEN 'name_needed' END;
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;

    IF the IS NULL THEN
        INSERT INTO accounts_user (phone_number, role, first_name, last_name)
        VALUES (p_phone, 'staff', coalesce(p_first_name, ''), coalesce(p_last_name, ''))
        ON CONFLICT (phone_number) DO NOTHING;
        SELECT u.id INTO person FROM accounts_user u WHERE u.phone_number = p_phone;
        UPDATE accounts_user u SET role = 'staff' WHERE u.id = person AND u.role = 'customer';
        UPDATE accounts_user u SET first_name = coalesce(p_first_name, ''), last_name = coalesce(p_last_name, '')
        WHERE u.id = person AND u.first_name || u.last_name = '';
        INSERT INTO catalogue_staff AS m (salon_id, user_id) VALUES (p_salon, person)
        ON CONFLICT (user_id, salon_id) DO UPDATE SET active = true RETURNING m.id INTO the;
    ELSE
        PERFORM FROM catalogue_staff m WHERE m.id = the AND m.salon_id = p_salon AND m.active
        FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            verdict := 'not_found';
            RETURN;
        END IF;
    END IF;
    IF p_services IS NOT NULL THEN
        DELETE FROM catalogue_staff_service o WHERE o.staff_id = the;
        INSERT INTO catalogue_staff_service (staff_id, service_id) SELECT DISTINCT the, v FROM unnest(p_services) v;
    END IF;
    IF p_weekday IS NOT NULL THEN
        DELETE FROM catalogue_staff_window w WHERE w.staff_id = the;
        INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute)
        SELECT the, h.* FROM unnest(p_weekday, p_starts, p_ends) h;
    END IF;
    SELECT * INTO card FROM desk_staff d WHERE d.id = the;
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang, to_jsonb(card));
    verdict := 'ok';
END $$;

-- staff_close: as salon_close. The account stays, and its role: it may work elsewhere.
CREATE FUNCTION staff_close(p_actor bigint, p_salon bigint, p_staff bigint, OUT verdict text, OUT lang text,
    OUT busy bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM FROM catalogue_staff m WHERE m.id = p_staff AND m.salon_id = p_salon AND m.active
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        verdict := 'not_found';
        RETURN;
    END IF;
    busy := bookings_ahead(p_salon, NULL, p_staff, NULL);
    IF busy > 0 THEN
        verdict := 'has_bookings';
        RETURN;
    END IF;
    UPDATE catalogue_staff m SET active = false WHERE m.id = p_staff;
    PERFORM rules_changed(p_salon, p_staff);
    verdict := 'ok';
END $$;

-- staff_exception_add: time off, or extra hours. Bookings that time off runs into stay as they are: their
-- ids are told, so that somebody cancels or moves them.
-- out: verdict (ok, actor_unknown, forbidden, not_found, too_many), lang, id, clashing: at most 100 ids,
--      timezone: the salon's
CREATE FUNCTION staff_exception_add(p_actor bigint, p_salon bigint, p_staff bigint, p_kind text,
    p_starts_at timestamptz, p_ends_at timestamptz, p_note text, p_most bigint,
    p_asked text, p_key text, p_fingerprint text,
    OUT verdict text, OUT lang text, OUT id bigint, OUT clashing bigint[], OUT timezone text)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        id := kept ->> 'id';
        clashing := ARRAY(SELECT c::bigint FROM jsonb_array_elements_text(kept -> 'clashing') c);
        timezone := kept ->> 'timezone';
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    -- The lock that bookings of this member take: one is either told here or judged by the time off.
    PERFORM FROM catalogue_staff m WHERE m.id = p_staff AND m.salon_id = p_salon AND m.active
    FOR NO KEY UPDATE;
    verdict := CASE WHEN NOT FOUND THEN 'not_found'
        WHEN (SELECT count(*) FROM catalogue_staff_exception x
              WHERE x.staff_id = p_staff AND x.ends_at > now()) >= p_most THEN 'too_many' END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO catalogue_staff_exception AS x (staff_id, kind, starts_at, ends_at, note)
    VALUES (p_staff, p_kind, p_starts_at, p_ends_at, p_note) RETURNING x.id INTO id;
    clashing := ARRAY(
        SELECT b.id FROM bookings_booking b
        WHERE p_kind = 'off' AND b.staff_id = p_staff AND b.starts_at < p_ends_at AND b.ends_at > p_starts_at
            AND b.starts_at > p_starts_at - interval '24 hours' AND b.ends_at > now()
            AND b.status IN ('held', 'pending', 'confirmed')
            AND (b.status <> 'held' OR b.hold_expires_at > now())
        ORDER BY b.starts_at, b.id LIMIT 100);
    IF p_kind = 'off' THEN
        PERFORM rules_changed(p_salon, p_staff);
    END IF;
    timezone := (SELECT s.timezone FROM catalogue_salon s WHERE s.id = p_salon);
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang,
        jsonb_build_object('id', id, 'clashing', clashing, 'timezone', timezone));
    verdict := 'ok';
END $$;

CREATE FUNCTION staff_exception_remove(p_actor bigint, p_salon bigint, p_staff bigint, p_exception bigint,
    OUT verdict text, OUT lang text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    DELETE FROM catalogue_staff_exception x USING catalogue_staff m
    WHERE x.id = p_exception AND x.staff_id = p_staff AND m.id = x.staff_id AND m.salon_id = p_salon AND m.active;
    verdict := CASE WHEN FOUND THEN 'ok' ELSE 'not_found' END;
END $$;

-- ---- photos ----------------------------------------------------------------------------------------

-- photo_add: the same content again is the same photo, under the id it has.
-- out: verdict (ok, actor_unknown, forbidden, not_found, too_many), lang, id, created_at, timezone: the salon's
CREATE FUNCTION photo_add(p_actor bigint, p_salon bigint, p_content text, p_kind text, p_width integer,
    p_height integer, p_bytes bigint, p_most bigint, p_asked text, p_key text, p_fingerprint text,
    OUT verdict text, OUT lang text, OUT id bigint, OUT created_at timestamptz, OUT timezone text)
    LANGUAGE plpgsql AS $$
DECLARE
    kept jsonb;
BEGIN
    SELECT b.* INTO verdict, lang, kept FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        id := kept ->> 'id';
        created_at := kept ->> 'created_at';
        timezone := kept ->> 'timezone';
        RETURN;
    END IF;
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office_hold(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT f.id, f.created_at INTO id, created_at FROM catalogue_photo f
    WHERE f.salon_id = p_salon AND f.content = p_content;
    IF id IS NULL THEN
        IF (SELECT count(*) FROM catalogue_photo f WHERE f.salon_id = p_salon) >= p_most THEN
            verdict := 'too_many';
            RETURN;
        END IF;
        INSERT INTO catalogue_photo AS f (salon_id, content, kind, width, height, bytes)
        VALUES (p_salon, p_content, p_kind, p_width, p_height, p_bytes)
        RETURNING f.id, f.created_at INTO id, created_at;
    END IF;
    timezone := (SELECT s.timezone FROM catalogue_salon s WHERE s.id = p_salon);
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang,
        jsonb_build_object('id', id, 'created_at', created_at, 'timezone', timezone));
    verdict := 'ok';
END $$;

-- photo_remove: out: verdict (ok, actor_unknown, forbidden, not_found), lang, content, kind of what is gone
CREATE FUNCTION photo_remove(p_actor bigint, p_salon bigint, p_photo bigint,
    OUT verdict text, OUT lang text, OUT content text, OUT kind text)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.verdict, o.lang INTO verdict, lang FROM salon_office(p_actor, p_salon) o;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    DELETE FROM catalogue_photo f WHERE f.id = p_photo AND f.salon_id = p_salon
    RETURNING f.content, f.kind INTO content, kind;
    verdict := CASE WHEN content IS NULL THEN 'not_found' ELSE 'ok' END;
END $$;
