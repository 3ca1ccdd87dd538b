-- Finding what the sweep of login records may remove (sql/otp/sweep.sql, sql/sessions/sweep.sql) without
-- reading what stays. Both tables wait for these indexes once, while they are made.
CREATE INDEX otp_request_created_idx ON otp_request (created_at);
-- When a session ended or will end: least() passes over NULL.
CREATE INDEX auth_session_end_idx ON auth_session (least(refresh_expires_at, revoked_at));
