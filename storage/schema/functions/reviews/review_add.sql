-- review_add: a customer judges a completed booking of hers, once. The salon's rating is the mean
-- of its reviews from this transaction on: its row stays locked, so that two reviews are counted
-- one after the other.
-- in:  actor (the author), salon, booking; what she says
-- out: refused (TOKEN_INVALID, NOT_FOUND, REVIEW_TOO_EARLY, REVIEW_EXISTS), or id, author: her
--      name, rating, comment, created_at, service_name_ar, service_name_en, timezone: the salon's
CREATE OR REPLACE FUNCTION review_add(p_actor bigint, p_salon bigint, p_booking bigint,
    p_rating integer, p_comment text) RETURNS answer
    LANGUAGE plpgsql AS $$
DECLARE
    author text;
    booking record;
    made catalogue_review;
BEGIN
    SELECT person_label(u.first_name, u.last_name, '') INTO author
    FROM accounts_user u WHERE u.id = p_actor;
    IF NOT FOUND THEN
        RETURN refused('TOKEN_INVALID');
    END IF;
    PERFORM FROM catalogue_salon s WHERE s.id = p_salon AND s.active FOR NO KEY UPDATE;
    SELECT b.status, v.name_ar, v.name_en, s.timezone INTO booking
    FROM bookings_booking b JOIN catalogue_service v ON v.id = b.service_id
    JOIN catalogue_salon s ON s.id = b.salon_id AND s.active
    WHERE b.id = p_booking AND b.salon_id = p_salon AND b.customer_id = p_actor;
    IF NOT FOUND THEN
        RETURN refused('NOT_FOUND');
    ELSIF booking.status <> 'completed' THEN
        RETURN refused('REVIEW_TOO_EARLY');
    ELSIF EXISTS (SELECT FROM catalogue_review r WHERE r.booking_id = p_booking) THEN
        RETURN refused('REVIEW_EXISTS');
    END IF;
    INSERT INTO catalogue_review (salon_id, booking_id, author_id, rating, comment)
    VALUES (p_salon, p_booking, p_actor, p_rating, p_comment) RETURNING * INTO made;
    UPDATE catalogue_salon s SET review_count = all_of.n, rating_hundredths = all_of.mean
    FROM (SELECT count(*) AS n, round(avg(r.rating) * 100) AS mean FROM catalogue_review r
          WHERE r.salon_id = p_salon) all_of
    WHERE s.id = p_salon;
    RETURN granted(jsonb_build_object('id', made.id, 'author', author, 'rating', made.rating,
        'comment', made.comment, 'created_at', made.created_at,
        'service_name_ar', booking.name_ar, 'service_name_en', booking.name_en,
        'timezone', booking.timezone));
END $$;
