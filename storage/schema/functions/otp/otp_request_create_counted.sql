-- otp_request_create_counted: otp_request_create, with the limits of requests decided from the
-- rows. For the time in which Redis is lost; the rules are those of storage/redis/otp_admit.lua, in
-- its order. Locks are taken in this order as well: no deadlock. Each query sees what was committed
-- before it began, as all functions here are VOLATILE.
-- in:  as otp_request_create, then as otp_risk_wait and otp_phone_wait
-- out: refused 0 and wait_s 0, or 1 address, 2 device, 3 phone, 4 cooldown with wait_s > 0;
--      refused 0 without a user_id: the e-mail address belongs to another account.
CREATE OR REPLACE FUNCTION otp_request_create_counted(
    p_id uuid, p_phone text, p_purpose text, p_channel text, p_provider text, p_code_mac bytea,
    p_max_attempts smallint, p_now timestamptz, p_expires_at timestamptz,
    p_address text, p_address_key text, p_device text,
    p_email text, p_first_name text, p_last_name text, p_language text,
    p_device_named boolean, p_address_max int, p_device_max int, p_risk_window interval,
    p_phone_max int, p_phone_window interval, p_cooldown interval,
    OUT refused int, OUT wait_s int, OUT user_id bigint, OUT language text)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT r.refused, r.wait_s INTO refused, wait_s
    FROM otp_risk_wait(p_address_key, p_device, p_device_named, p_address_max, p_device_max,
                       p_risk_window, p_now) r;
    IF refused = 0 THEN
        SELECT r.refused, r.wait_s INTO refused, wait_s
        FROM otp_phone_wait(p_phone, p_phone_max, p_phone_window, p_cooldown, p_now) r;
    END IF;
    IF refused = 0 THEN
        SELECT made.user_id, made.language INTO user_id, language
        FROM otp_request_create(p_id, p_phone, p_purpose, p_channel, p_provider, p_code_mac,
                                p_max_attempts, p_now, p_expires_at, p_address, p_address_key,
                                p_device, p_email, p_first_name, p_last_name, p_language) made;
    END IF;
END $$;
