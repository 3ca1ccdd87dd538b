-- One-time codes that were asked for. The rows are also the record from which limits are counted
-- while Redis is lost: by phone, by address, by device, each newest first.
--
-- A request is open while nothing closed it: consumed_at (the code was entered), failed_at (it
-- could not be sent), attempts = max_attempts, expires_at passed, or a newer row of the same phone
-- and purpose that did not fail. No column is written for the last one, so asking again costs one
-- insert and no update.
CREATE TABLE otp_request (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES accounts_user (id) ON DELETE CASCADE,
    phone_number text NOT NULL,
    purpose text NOT NULL CONSTRAINT otp_request_purpose CHECK (purpose IN ('auth', 'verify')),
    channel text NOT NULL CONSTRAINT otp_request_channel CHECK (channel IN ('sms', 'whatsapp')),
    provider text NOT NULL,      -- who sent it; 'test': a test number, nothing was sent, no limits
    code_mac bytea,              -- NULL: the provider made the code and checks it
    attempts smallint NOT NULL DEFAULT 0,
    max_attempts smallint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz,
    failed_at timestamptz,
    address text NOT NULL,       -- the client's, as seen
    address_key text NOT NULL,   -- what is limited: the same, or an IPv6 address's /64
    device text NOT NULL,        -- 'sha256:' and 24 hex digits, or ''
    email text,                  -- these three wait here until the code is entered
    first_name text NOT NULL,
    last_name text NOT NULL,
    CONSTRAINT otp_request_attempts CHECK (attempts BETWEEN 0 AND max_attempts),
    CONSTRAINT otp_request_code_mac CHECK (octet_length(code_mac) = 32)
) WITH (fillfactor = 85); -- attempts and ends are written in place: no index holds them

CREATE INDEX otp_request_phone_idx ON otp_request (phone_number, created_at);
CREATE INDEX otp_request_address_idx ON otp_request (address_key, created_at);
CREATE INDEX otp_request_device_idx ON otp_request (device, created_at) WHERE device <> '';
-- For the sweep of login records, as auth_session_end_idx is.
CREATE INDEX otp_request_created_idx ON otp_request (created_at);
