-- otp_window_wait: how long until a window of time has room again.
-- in:  times: what is in it, oldest first; how many may be; its length; now
-- out: seconds; 0 when it has room now
CREATE OR REPLACE FUNCTION otp_window_wait(p_times timestamptz[], p_max int, p_window interval,
    p_now timestamptz)
RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_max <= 0 OR coalesce(cardinality(p_times), 0) < p_max THEN 0
        ELSE greatest(1, ceil(extract(epoch FROM
            p_times[cardinality(p_times) - p_max + 1] + p_window - p_now)))::int
    END
$$;
