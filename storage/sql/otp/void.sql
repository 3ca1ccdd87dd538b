-- otp_void: its code could not be sent. It opens nothing, replaces nothing, and counts for no
-- phone.
-- in:  $1 request uuid, $2 now timestamptz
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE otp_request SET failed_at = $2::timestamptz FROM quick WHERE id = $1::uuid;
