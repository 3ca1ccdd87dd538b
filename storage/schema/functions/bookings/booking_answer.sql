-- booking_answer: the answer about one booking: a refusal, or the booking as it is now.
-- in:  refused: why not (the reason's name; NULL: granted), booking
-- out: one row, as bookings_decide
CREATE OR REPLACE FUNCTION booking_answer(refused text, booking bigint)
    RETURNS SETOF booking_decision
    LANGUAGE plpgsql AS $$
DECLARE
    answer booking_decision;
BEGIN
    IF refused IS NULL THEN
        RETURN QUERY
        SELECT 1, 1, NULL::text, NULL::text, s.* FROM bookings_shown s WHERE s.id = booking;
        RETURN;
    END IF;
    answer.unit := 1;
    answer.item := 1;
    answer.refused := refused;
    RETURN NEXT answer;
END $$;
