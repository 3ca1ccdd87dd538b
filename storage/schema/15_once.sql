-- Idempotency-Key: what a request that had an effect was answered, written in the effect's own
-- transaction. `answer` is what the answer was made from, in the words of the endpoint (for
-- bookings: rows of bookings_shown as they were then); the endpoint writes the same bytes from it,
-- in the language noted here.
CREATE TABLE idempotency_key (
    caller_id bigint NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint text NOT NULL, -- SHA-256 of method, path and body, in hex
    lang text NOT NULL,
    status smallint NOT NULL,
    answer jsonb NOT NULL,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (caller_id, key)
);
CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);
