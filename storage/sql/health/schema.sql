-- health_schema: how far the schema is.          out: number of the newest migration int, 0 for none
SELECT coalesce(max(number), 0)::int4 FROM schema_migration;
