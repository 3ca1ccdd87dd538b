-- otp_recent_attempts: while Redis is lost, how often codes were entered lately: for the phone of
-- this request, and for requests that came from this address. Each with the time of the oldest of
-- them.
-- in:  $1 phone text ('': not known), $2 address key text, $3 from when timestamptz
-- out: phone_attempts bigint, phone_oldest timestamptz, address_attempts bigint, address_oldest
--      timestamptz
SELECT p.n, p.oldest, a.n, a.oldest
FROM (SELECT coalesce(sum(attempts), 0)::bigint AS n, min(created_at) AS oldest FROM otp_request
      WHERE phone_number = $1::text AND created_at > $3::timestamptz AND provider <> 'test') p,
     (SELECT coalesce(sum(attempts), 0)::bigint AS n, min(created_at) AS oldest FROM otp_request
      WHERE address_key = $2::text AND created_at > $3::timestamptz AND provider <> 'test') a;
