-- otp_request_create_counted: the same, with the limits of requests decided from the rows. For the
-- time in which Redis is lost; the rules are those of storage/redis/otp_admit.lua, in its order.
--
-- Requests of one address, device or phone wait for each other (until commit), so that two at once
-- never both take the last place. Locks are taken in the order address, device, phone: no deadlock.
-- Each query below sees what was committed before it began, for a VOLATILE function.
--
-- in:  as otp_request_create, then: did the device name itself (or is it known by its address
--      only)? and of each limit how many in which window (0: no limit), and the pause between two
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
DECLARE
    times timestamptz[];
    pause interval;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    wait_s := 0;

    IF p_address_max > 0 THEN
        PERFORM pg_advisory_xact_lock(7301, hashtext(p_address_key));
        SELECT array_agg(r.created_at ORDER BY r.created_at) INTO times FROM otp_request r
        WHERE r.address_key = p_address_key AND r.created_at > p_now - p_risk_window
          AND r.provider <> 'test';
        wait_s := otp_window_wait(times, p_address_max, p_risk_window, p_now);
        IF wait_s > 0 THEN
            refused := 1;
            RETURN;
        END IF;
    END IF;

    IF p_device_max > 0 AND p_device <> '' THEN
        PERFORM pg_advisory_xact_lock(7302, hashtext(p_device));
        SELECT array_agg(r.created_at ORDER BY r.created_at) INTO times FROM otp_request r
        WHERE r.device = p_device AND r.device <> '' AND r.created_at > p_now - p_risk_window
          AND r.provider <> 'test' AND (p_device_named OR r.address_key = p_address_key);
        wait_s := otp_window_wait(times, p_device_max, p_risk_window, p_now);
        IF wait_s > 0 THEN
            refused := 2;
            RETURN;
        END IF;
    END IF;

    PERFORM pg_advisory_xact_lock(7303, hashtext(p_phone));
    SELECT array_agg(r.created_at ORDER BY r.created_at) INTO times FROM otp_request r
    WHERE r.phone_number = p_phone AND r.created_at > p_now - greatest(p_phone_window, p_cooldown)
      AND r.provider <> 'test' AND r.failed_at IS NULL;
    wait_s := otp_window_wait(
        (SELECT array_agg(t ORDER BY t) FROM unnest(times) t WHERE t > p_now - p_phone_window),
        p_phone_max, p_phone_window, p_now);
    IF wait_s > 0 THEN
        refused := 3;
        wait_s := greatest(wait_s, extract(epoch FROM p_cooldown)::int);
        RETURN;
    END IF;

    IF times IS NOT NULL THEN
        -- 60 s after the first three in a row, then doubling, never longer than the window.
        pause := least(p_cooldown * power(2, least(greatest(cardinality(times) - 3, 0), 20)),
                       greatest(p_phone_window, p_cooldown));
        wait_s := ceil(extract(epoch FROM times[cardinality(times)] + pause - p_now))::int;
        IF wait_s > 0 THEN
            refused := 4;
            RETURN;
        END IF;
    END IF;

    refused := 0;
    wait_s := 0;
    SELECT made.user_id, made.language INTO user_id, language
    FROM otp_request_create(p_id, p_phone, p_purpose, p_channel, p_provider, p_code_mac,
                            p_max_attempts, p_now, p_expires_at, p_address, p_address_key, p_device,
                            p_email, p_first_name, p_last_name, p_language) made;
END $$;
