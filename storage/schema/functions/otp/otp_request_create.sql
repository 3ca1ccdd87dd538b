-- otp_request_create: the user row of that phone (made now if there is none) and the request.
-- The commit is not waited for: a code that a crash of Postgres loses is asked for again.
-- in:  the request's columns; p_language: of a user who is made
-- out: user_id and what she prefers. No row: the e-mail address belongs to another account, and
--      nothing was written
CREATE OR REPLACE FUNCTION otp_request_create(
    p_id uuid, p_phone text, p_purpose text, p_channel text, p_provider text, p_code_mac bytea,
    p_max_attempts smallint, p_now timestamptz, p_expires_at timestamptz,
    p_address text, p_address_key text, p_device text,
    p_email text, p_first_name text, p_last_name text, p_language text)
RETURNS TABLE (user_id bigint, language text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    IF p_email IS NOT NULL THEN
        PERFORM FROM accounts_user u
        WHERE lower(u.email) = lower(p_email) AND u.phone_number <> p_phone;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;

    SELECT u.id, u.preferred_language INTO user_id, language
    FROM accounts_user u WHERE u.phone_number = p_phone;
    IF NOT FOUND THEN
        -- Two first requests at once: the second waits here for the first and takes its row.
        INSERT INTO accounts_user AS u (phone_number, preferred_language, date_joined)
        VALUES (p_phone, p_language, p_now)
        ON CONFLICT (phone_number) DO UPDATE SET phone_number = excluded.phone_number
        RETURNING u.id, u.preferred_language INTO user_id, language;
    END IF;

    INSERT INTO otp_request (id, user_id, phone_number, purpose, channel, provider, code_mac,
                             max_attempts, created_at, expires_at, address, address_key, device,
                             email, first_name, last_name)
    VALUES (p_id, otp_request_create.user_id, p_phone, p_purpose, p_channel, p_provider, p_code_mac,
            p_max_attempts, p_now, p_expires_at, p_address, p_address_key, p_device,
            p_email, p_first_name, p_last_name);
    RETURN NEXT;
END $$;
