-- person_label: the one name under which a person is shown: full name, else the phone number.
-- in:  first and last name ('' or NULL: none), what stands for both when there is none
-- out: one line
CREATE OR REPLACE FUNCTION person_label(first_name text, last_name text, phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(
    nullif(btrim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), phone);
