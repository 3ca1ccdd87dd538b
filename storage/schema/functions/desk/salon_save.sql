-- salon_save: makes a salon (p_salon NULL) or changes one. What is NULL in p_new stays as it is, or
-- is at its default. Hours are replaced as a whole.
-- in:  actor, salon; new: see the type; most: salons that an owner may have; currency: of a new
--      one
-- out: refused (TOKEN_INVALID, FORBIDDEN, NOT_FOUND, OWNER_UNKNOWN, CATALOGUE_FULL), or a
--      desk_salon
CREATE OR REPLACE FUNCTION salon_save(p_actor bigint, p_salon bigint, p_new salon_new,
    p_most bigint, p_currency text) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    why text := salon_check(p_actor, p_salon);
    the bigint := p_salon;
    owner bigint := coalesce(p_new.owner_id, p_actor);
BEGIN
    IF why IS NULL AND p_new.owner_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM accounts_user u, accounts_user actor
        WHERE u.id = p_new.owner_id AND u.role IN ('manager', 'admin')
            AND actor.id = p_actor AND (actor.role = 'admin' OR u.id = p_actor)) THEN
        why := 'OWNER_UNKNOWN';
    END IF;
    IF why IS NOT NULL THEN
        RETURN refused(why);
    END IF;
    IF the IS NULL THEN
        -- One at a time is counted.
        PERFORM FROM accounts_user u WHERE u.id = owner FOR NO KEY UPDATE;
        IF (SELECT count(*) FROM catalogue_salon s
            WHERE s.owner_id = owner AND s.active) >= p_most THEN
            RETURN refused('CATALOGUE_FULL');
        END IF;
        INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en, currency)
        VALUES (owner, p_new.name_ar, p_new.name_en, p_new.city_ar, p_new.city_en, p_currency)
        RETURNING id INTO the;
    END IF;
    UPDATE catalogue_salon s SET
        owner_id = coalesce(p_new.owner_id, s.owner_id),
        name_ar = coalesce(p_new.name_ar, s.name_ar), name_en = coalesce(p_new.name_en, s.name_en),
        city_ar = coalesce(p_new.city_ar, s.city_ar), city_en = coalesce(p_new.city_en, s.city_en),
        address = coalesce(p_new.address, s.address), phone = coalesce(p_new.phone, s.phone),
        timezone = coalesce(p_new.timezone, s.timezone),
        latitude = CASE WHEN p_new.place THEN p_new.latitude ELSE s.latitude END,
        longitude = CASE WHEN p_new.place THEN p_new.longitude ELSE s.longitude END,
        grid_minutes = coalesce(p_new.grid_minutes, s.grid_minutes),
        notice_minutes = coalesce(p_new.notice_minutes, s.notice_minutes),
        horizon_days = coalesce(p_new.horizon_days, s.horizon_days),
        auto_confirm = coalesce(p_new.auto_confirm, s.auto_confirm),
        cancel_cutoff_minutes = coalesce(p_new.cancel_cutoff_minutes, s.cancel_cutoff_minutes),
        late_cancel_fee_amount = coalesce(p_new.late_cancel_fee_amount, s.late_cancel_fee_amount),
        no_show_fee_amount = coalesce(p_new.no_show_fee_amount, s.no_show_fee_amount),
        deposit_amount = coalesce(p_new.deposit_amount, s.deposit_amount)
    WHERE s.id = the;
    IF p_new.weekday IS NOT NULL THEN
        DELETE FROM catalogue_opening o WHERE o.salon_id = the;
        INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute)
        SELECT the, h.* FROM unnest(p_new.weekday, p_new.opens, p_new.closes) h;
    END IF;
    RETURN granted((SELECT to_jsonb(d) FROM desk_salon d WHERE d.id = the));
END $$;
