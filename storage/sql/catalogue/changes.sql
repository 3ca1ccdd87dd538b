-- catalogue_changes: the salons that changed between two looks: by transactions that the snapshot of the
-- former look could not see, and this one can. Always one row.
-- in:  $1 former look text (as this statement gave it; NULL: none yet), $2 at most int8
-- out: this look text; false when the former look cannot be of this server's past (it was replaced by
--      an older copy); salons int8[], at most $2
SELECT pg_current_snapshot()::text,
    coalesce(pg_snapshot_xmin($1::text::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot()), true),
    ARRAY(SELECT DISTINCT c.salon_id FROM catalogue_change c
          WHERE c.xid >= pg_snapshot_xmin($1::text::pg_snapshot)
              AND NOT pg_visible_in_snapshot(c.xid, $1::text::pg_snapshot)
          LIMIT $2::bigint);
