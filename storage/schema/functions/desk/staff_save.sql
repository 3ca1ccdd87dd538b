-- staff_save: takes somebody on by phone number (p_staff NULL), or changes what a member offers and
-- when. A phone that nobody has gets an account (unverified: logging in still needs its code), with
-- the names given; an account that is there keeps its own names if it has any, and a customer
-- becomes staff. Without a name nobody is taken on: everybody would be shown her phone number in
-- its place. Who was removed comes back under the same id. Services and windows are replaced as a
-- whole; NULL leaves them.
-- in:  actor (a user's id), salon, staff, phone and names (of a new one), services, windows side by
--      side, most: active staff that a salon may have
-- out: verdict (ok, actor_unknown, forbidden, not_found, already_staff, service_unknown, too_many,
--      name_needed), lang, card
CREATE OR REPLACE FUNCTION staff_save(p_actor bigint, p_salon bigint, p_staff bigint, p_phone text,
    p_first_name text, p_last_name text, p_services bigint[], p_weekday bigint[], p_starts bigint[],
    p_ends bigint[], p_most bigint, p_asked text, p_key text, p_fingerprint text, OUT verdict text,
    OUT lang text, OUT card desk_staff)
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
        SELECT FROM catalogue_service v
        WHERE v.id = q.id AND v.salon_id = p_salon AND v.active)) THEN
        verdict := 'service_unknown';
    END IF;
    IF the IS NULL THEN
        SELECT m.id, m.active INTO member
        FROM accounts_user u JOIN catalogue_staff m ON m.user_id = u.id AND m.salon_id = p_salon
        WHERE u.phone_number = p_phone;
        verdict := CASE
            WHEN verdict IS NOT NULL THEN verdict
            WHEN member.active THEN 'already_staff'
            WHEN (SELECT count(*) FROM catalogue_staff m
                  WHERE m.salon_id = p_salon AND m.active) >= p_most
                THEN 'too_many'
            WHEN coalesce(p_first_name, '') || coalesce(p_last_name, '') = '' AND NOT EXISTS (
                SELECT FROM accounts_user u
                WHERE u.phone_number = p_phone AND u.first_name || u.last_name <> '')
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
        UPDATE accounts_user u SET first_name = coalesce(p_first_name, ''),
            last_name = coalesce(p_last_name, '')
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
        INSERT INTO catalogue_staff_service (staff_id, service_id)
        SELECT DISTINCT the, v FROM unnest(p_services) v;
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
