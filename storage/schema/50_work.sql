-- What is to be done after an answer, and will be (domain/work/work.h tells the life of a piece).
--
-- A row is a piece that is not done yet; done ones are deleted, dead ones wait for somebody to
-- look. Rows come by work_add alone, in the transaction of what they are the consequence of: a
-- piece exists exactly if its effect was committed. There is no payload: a piece names a row, and
-- that row is the truth by the time the piece is worked on.
--
-- Names are not checked here: a check of their form cost half of what adding a piece costs.

CREATE TABLE work (
    kind text NOT NULL,
    subject bigint NOT NULL, -- a booking, a payment, a shard: the kind says of what
    lane text NOT NULL, -- who can be slow
    -- When it may be taken. While it is lent out this is the end of the lease: who took it and fell
    -- over needs nobody to notice, it is due again by itself.
    due_at timestamptz NOT NULL,
    lease uuid, -- under which it is lent out, or was; NULL: nobody may finish it
    attempts integer NOT NULL DEFAULT 0, -- how often it was taken and not given back
    dead_at timestamptz,
    last_error text NOT NULL DEFAULT '', -- of the last attempt that failed
    request_id text NOT NULL DEFAULT '', -- of the request that caused it last
    PRIMARY KEY (kind, subject)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Every step of a piece's life moves due_at or ends it, so none is a HOT update; the threshold
-- above keeps the dead entries at the index's front few.
CREATE INDEX work_due ON work (lane, due_at) WHERE dead_at IS NULL;
