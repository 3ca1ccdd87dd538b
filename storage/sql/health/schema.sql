-- health_schema: how far the schema is.
-- out: number of the last change int, 0: none since the schema was made; undefined_table: no schema
SELECT coalesce(max(number), 0)::int4 FROM schema_change;
