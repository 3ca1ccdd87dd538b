-- otp_create_counted: the same while Redis is lost: the limits are decided from the rows.
-- in:  $1 to $16 as otp_create; $17 the device named itself? boolean, $18 sends per address, $19
--      per device int (0: no limit), $20 their window in seconds int, $21 sends per phone int, $22
--      window, $23 cooldown in seconds int
-- out: refused int (0, or 1 address, 2 device, 3 phone, 4 cooldown), wait_s int, user_id bigint or
--      NULL, language text or NULL
SELECT refused, wait_s, user_id, language FROM otp_request_create_counted(
    $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::bytea, $7::smallint, $8::timestamptz,
    $9::timestamptz, $10::text, $11::text, $12::text, $13::text, $14::text, $15::text, $16::text,
    $17::boolean, $18::int, $19::int, make_interval(secs => $20::int),
    $21::int, make_interval(secs => $22::int), make_interval(secs => $23::int));
