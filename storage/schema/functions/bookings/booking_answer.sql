-- booking_answer: rows of an answer: a refusal, or the bookings as they are now.
-- in:  verdict, lang (what the caller prefers), bookings (ids, when the verdict is 'ok')
-- out: a row of the refusal (all but verdict and lang NULL), or one for each booking, by id
CREATE OR REPLACE FUNCTION booking_answer(verdict text, lang text, bookings bigint[])
    RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    row booking_decision;
BEGIN
    IF verdict <> 'ok' THEN
        row.verdict := verdict;
        row.lang := lang;
        RETURN NEXT row;
        RETURN;
    END IF;
    RETURN QUERY SELECT 1, 1, verdict, lang, s.* FROM bookings_shown s WHERE s.id = ANY (bookings)
        ORDER BY s.id;
END $$;
