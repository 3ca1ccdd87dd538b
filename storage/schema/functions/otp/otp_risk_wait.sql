-- otp_risk_wait: may a code be asked for from this address, by this device? Requests of one of them
-- wait for each other (until commit), so that two at once never both take the last place.
-- in:  address key, device ('': none), did the device name itself (or is it known by its address
--      only)? of each how many may be in the window (0: no limit), the window, now
-- out: refused 0, or 1 address, 2 device, with seconds to wait
CREATE OR REPLACE FUNCTION otp_risk_wait(p_address_key text, p_device text, p_device_named boolean,
    p_address_max int, p_device_max int, p_window interval, p_now timestamptz,
    OUT refused int, OUT wait_s int)
    LANGUAGE plpgsql AS $$
DECLARE
    times timestamptz[];
BEGIN
    IF p_address_max > 0 THEN
        PERFORM pg_advisory_xact_lock(7301, hashtext(p_address_key));
        SELECT array_agg(r.created_at ORDER BY r.created_at) INTO times FROM otp_request r
        WHERE r.address_key = p_address_key AND r.created_at > p_now - p_window
            AND r.provider <> 'test';
        refused := 1;
        wait_s := otp_window_wait(times, p_address_max, p_window, p_now);
        IF wait_s > 0 THEN
            RETURN;
        END IF;
    END IF;
    IF p_device_max > 0 AND p_device <> '' THEN
        PERFORM pg_advisory_xact_lock(7302, hashtext(p_device));
        SELECT array_agg(r.created_at ORDER BY r.created_at) INTO times FROM otp_request r
        WHERE r.device = p_device AND r.device <> '' AND r.created_at > p_now - p_window
            AND r.provider <> 'test' AND (p_device_named OR r.address_key = p_address_key);
        refused := 2;
        wait_s := otp_window_wait(times, p_device_max, p_window, p_now);
        IF wait_s > 0 THEN
            RETURN;
        END IF;
    END IF;
    refused := 0;
    wait_s := 0;
END $$;
