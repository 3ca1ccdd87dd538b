-- What a database knows about its own schema, for `mawid migrate` (storage/migrate.h).

-- The changes that are in it. One that was made from the schema as it stood has those that were
-- already part of it.
CREATE TABLE schema_change (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- The functions that are in it, as they were made from their files.
CREATE TABLE schema_function (
    name text PRIMARY KEY,
    signature text NOT NULL, -- all before LANGUAGE: with another one the old function is dropped
    checksum text NOT NULL,  -- SHA-256 of the file, in hex
    version text NOT NULL,   -- of the program that made it: one that is older leaves it alone
    applied_at timestamptz NOT NULL DEFAULT now()
);
