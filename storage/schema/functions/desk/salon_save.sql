-- salon_save: makes a salon (p_salon NULL) or changes one. NULL leaves a column as it is, or at its
-- default. Hours are replaced as a whole. p_place: write the position, which may be NULL.
-- Every creation of the desk may have a key (asked, key, fingerprint: desk_before, desk_remember).
-- in:  actor (a user's id), salon, owner (NULL: the actor, or who it is), the salon's columns,
--      hours side by side, most: active salons that an owner may have
-- out: verdict (ok, actor_unknown, forbidden, not_found, owner_unknown, too_many), lang, card
CREATE OR REPLACE FUNCTION salon_save(p_actor bigint, p_salon bigint, p_owner bigint,
    p_name_ar text, p_name_en text, p_city_ar text, p_city_en text, p_address text, p_phone text,
    p_timezone text, p_place boolean, p_latitude double precision, p_longitude double precision,
    p_grid integer, p_notice integer, p_horizon integer, p_auto_confirm boolean, p_cutoff integer,
    p_late_fee bigint, p_no_show_fee bigint, p_deposit bigint,
    p_weekday bigint[], p_opens bigint[], p_closes bigint[], p_most bigint, p_asked text,
    p_key text, p_fingerprint text, OUT verdict text, OUT lang text, OUT card desk_salon)
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
        -- one at a time is counted
        PERFORM FROM accounts_user u WHERE u.id = owner FOR NO KEY UPDATE;
        IF (SELECT count(*) FROM catalogue_salon s
            WHERE s.owner_id = owner AND s.active) >= p_most THEN
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
