-- What a function that decides answers: why it refused, or a card, the one row from which the
-- endpoint writes its answer.
CREATE TYPE answer AS (
    refused text, -- the reason's name in domain/reasons.def; NULL: granted
    card jsonb,   -- what there is now; of a refusal: what else is to be told
    lang text,    -- of an answer that was kept: the language in which it was given; NULL: it is new
    row_id uuid   -- in the place of a card: the row that was begun (domain/once.h, key with a row)
);

-- Idempotency-Key: what belongs to a request that had an effect, written in the effect's own
-- transaction (domain/once.h). `answer` is what the answer was made from, in the words of the
-- endpoint (for bookings: rows of bookings_shown as they were then); the endpoint writes the same
-- bytes from it, in the language noted here. What only began keeps the id of its row instead: a
-- replay answers what has become of it.
CREATE TABLE idempotency_key (
    caller_id bigint NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint text NOT NULL, -- SHA-256 of method, path and body, in hex
    lang text NOT NULL,
    status smallint NOT NULL,
    answer jsonb,
    row_id uuid,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (caller_id, key),
    CONSTRAINT idempotency_key_answer_or_row CHECK ((answer IS NULL) <> (row_id IS NULL))
);
CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);
