-- review_add: a customer judges a completed booking of hers, once. The salon's rating is the mean
-- of its reviews from this transaction on: its row stays locked, so that two reviews are counted
-- one after the other.
-- in:  asked: the language of the answer ('': what the author prefers); key and fingerprint
--      (Idempotency-Key; '': none): the same request again finds the review that it made
-- out: verdict (ok, replay, key_reused, actor_unknown, not_found, not_completed, reviewed), lang,
--      id, author's name, rating, comment, created_at, service_name_ar, service_name_en, timezone
--      (the salon's)
CREATE OR REPLACE FUNCTION review_add(p_actor bigint, p_salon bigint, p_booking bigint,
    p_rating integer, p_comment text, p_asked text, p_key text, p_fingerprint text,
    OUT verdict text, OUT lang text, OUT id bigint, OUT author text, OUT rating integer,
    OUT comment text, OUT created_at timestamptz, OUT service_name_ar text,
    OUT service_name_en text, OUT timezone text)
    LANGUAGE plpgsql AS $$
DECLARE
    booking record;
    kept jsonb;
BEGIN
    SELECT u.preferred_language, person_label(u.first_name, u.last_name, '') INTO lang, author
    FROM accounts_user u WHERE u.id = p_actor;
    IF lang IS NULL THEN
        verdict := 'actor_unknown';
        RETURN;
    END IF;
    SELECT b.verdict, coalesce(b.lang, review_add.lang), b.kept INTO verdict, lang, kept
    FROM desk_before(p_actor, p_key, p_fingerprint) b;
    IF verdict IS NOT NULL THEN
        id := kept ->> 'id';
        author := kept ->> 'author';
        rating := kept ->> 'rating';
        comment := kept ->> 'comment';
        created_at := kept ->> 'created_at';
        service_name_ar := kept ->> 'service_name_ar';
        service_name_en := kept ->> 'service_name_en';
        timezone := kept ->> 'timezone';
        RETURN;
    END IF;
    PERFORM FROM catalogue_salon s WHERE s.id = p_salon AND s.active FOR NO KEY UPDATE;
    SELECT b.status, v.name_ar, v.name_en, s.timezone,
        EXISTS (SELECT FROM catalogue_review r WHERE r.booking_id = b.id) AS reviewed
    INTO booking
    FROM bookings_booking b JOIN catalogue_service v ON v.id = b.service_id
    JOIN catalogue_salon s ON s.id = b.salon_id AND s.active
    WHERE b.id = p_booking AND b.salon_id = p_salon AND b.customer_id = p_actor;
    verdict := CASE
        WHEN booking.status IS NULL THEN 'not_found'
        WHEN booking.status <> 'completed' THEN 'not_completed'
        WHEN booking.reviewed THEN 'reviewed' END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO catalogue_review AS r (salon_id, booking_id, author_id, rating, comment)
    VALUES (p_salon, p_booking, p_actor, p_rating, p_comment)
    RETURNING r.id, r.rating, r.comment, r.created_at INTO id, rating, comment, created_at;
    UPDATE catalogue_salon s SET review_count = all_of.n, rating_hundredths = all_of.mean
    FROM (SELECT count(*) AS n, round(avg(r.rating) * 100) AS mean FROM catalogue_review r
          WHERE r.salon_id = p_salon) all_of
    WHERE s.id = p_salon;
    service_name_ar := booking.name_ar;
    service_name_en := booking.name_en;
    timezone := booking.timezone;
    PERFORM desk_remember(p_actor, p_key, p_fingerprint, p_asked, lang, jsonb_build_object('id', id,
        'author', author, 'rating', rating, 'comment', comment, 'created_at', created_at,
        'service_name_ar', service_name_ar, 'service_name_en', service_name_en,
        'timezone', timezone));
    verdict := 'ok';
END $$;
