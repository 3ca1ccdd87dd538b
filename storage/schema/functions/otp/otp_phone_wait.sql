-- otp_phone_wait: may a code be sent to this phone? Requests for one phone wait for each other, as
-- in otp_risk_wait.
-- in:  phone, how many may be in the window, the window, the pause between two, now
-- out: refused 0, or 3 phone, 4 cooldown, with seconds to wait
CREATE OR REPLACE FUNCTION otp_phone_wait(p_phone text, p_max int, p_window interval,
    p_cooldown interval, p_now timestamptz, OUT refused int, OUT wait_s int)
    LANGUAGE plpgsql AS $$
DECLARE
    times timestamptz[];
    pause interval;
BEGIN
    PERFORM pg_advisory_xact_lock(7303, hashtext(p_phone));
    SELECT array_agg(r.created_at ORDER BY r.created_at) INTO times FROM otp_request r
    WHERE r.phone_number = p_phone AND r.created_at > p_now - greatest(p_window, p_cooldown)
        AND r.provider <> 'test' AND r.failed_at IS NULL;
    wait_s := otp_window_wait(
        (SELECT array_agg(t ORDER BY t) FROM unnest(times) t WHERE t > p_now - p_window),
        p_max, p_window, p_now);
    IF wait_s > 0 THEN
        refused := 3;
        wait_s := greatest(wait_s, extract(epoch FROM p_cooldown)::int);
        RETURN;
    END IF;
    IF times IS NOT NULL THEN
        -- 60 s after the first three in a row, then doubling, never longer than the window.
        pause := least(p_cooldown * power(2, least(greatest(cardinality(times) - 3, 0), 20)),
                       greatest(p_window, p_cooldown));
        wait_s := ceil(extract(epoch FROM times[cardinality(times)] + pause - p_now))::int;
        IF wait_s > 0 THEN
            refused := 4;
            RETURN;
        END IF;
    END IF;
    refused := 0;
    wait_s := 0;
END $$;
