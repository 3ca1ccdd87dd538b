-- otp_create: a code was asked for, and the limits were counted elsewhere (otp_request_create).
-- No row: the e-mail address belongs to another account.
-- in:  $1 id uuid, $2 phone text, $3 purpose text, $4 channel text, $5 provider text, $6 code's MAC
--      bytea or NULL, $7 attempts allowed smallint, $8 now, $9 expires timestamptz, $10 address,
--      $11 address key, $12 device text, $13 e-mail address text or NULL, $14 first name, $15 last
--      name text, $16 language of a new account text
-- out: user_id bigint, language text
SELECT user_id, language FROM otp_request_create(
    $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::bytea, $7::smallint, $8::timestamptz,
    $9::timestamptz, $10::text, $11::text, $12::text, $13::text, $14::text, $15::text, $16::text);
