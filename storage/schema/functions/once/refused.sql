-- refused: the answer that says no.
-- in:  the reason's name (domain/reasons.def); what else is to be told
-- out: the answer
CREATE OR REPLACE FUNCTION refused(p_reason text, p_card jsonb DEFAULT NULL) RETURNS answer
    LANGUAGE sql IMMUTABLE AS $$
    SELECT p_reason, p_card, NULL::text, NULL::uuid
$$;
