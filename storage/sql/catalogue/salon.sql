-- catalogue_salon: one active salon with its hours and its policy. No row: there is none.
-- in:  $1 salon int8
-- out: the columns of salons_list, then grid_minutes int2, notice_minutes int4, horizon_days int2,
--      auto_confirm, cancel_cutoff_minutes int4, late_cancel_fee_amount, no_show_fee_amount,
--      deposit_amount int8, currency, then int8[] of equal length: weekday, opens, closes
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
          ORDER BY o.weekday, o.opens_minute, o.id) o) hours
WHERE s.id = $1::bigint AND s.active;
