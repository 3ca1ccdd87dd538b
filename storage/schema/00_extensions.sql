-- What Postgres brings along: trigrams for the search by names, and b-tree types in the exclusion
-- constraints of bookings.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
