-- sessions_rotate: a refresh token was shown (auth_session_rotate has the rules).
-- in:  $1 session uuid, $2 user bigint, $3 hash, $4 successor's hash bytea, $5 its jti uuid, $6
--      issued, $7 expires, $8 now timestamptz, $9 grace in seconds int, $10 address, $11 user
--      agent, $12 request id text
-- out: verdict text, jti uuid, issued_at, expires_at timestamptz, the language that the user
--      prefers text
SELECT verdict, jti, issued_at, expires_at,
    (SELECT u.preferred_language FROM accounts_user u WHERE u.id = $2::bigint)
FROM auth_session_rotate(
    $1::uuid, $2::bigint, $3::bytea, $4::bytea, $5::uuid, $6::timestamptz, $7::timestamptz,
    $8::timestamptz, make_interval(secs => $9::int), $10::text, $11::text, $12::text);
