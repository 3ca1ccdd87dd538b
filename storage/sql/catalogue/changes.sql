-- catalogue_changes: what changed between two looks: by transactions that the snapshot of the
-- former look could not see, and this one can. Those are the ones that began after it, and those
-- that were under way in it: however long one lasts, nothing else is read. Always one row.
-- A look is the server's timeline and a snapshot. Another timeline is another server, to which the
-- former look means nothing. Rows of transactions that this server has not begun yet came with a
-- dump of another one; they are passed over, or each look would tell of all of them.
-- in:  $1 former look text (as this statement gave it; NULL: none yet), $2 salons, $3 staff at most
--      int8
-- out: now timestamptz; this look text; false when the former look cannot be of this server's past;
--      salons int8[]; staff whose bookings changed int8[]
WITH here AS MATERIALIZED (
    SELECT pg_current_snapshot() AS snapshot, pg_snapshot_xmax(pg_current_snapshot()) AS ended,
        CASE WHEN pg_is_in_recovery() THEN 'standby'
             ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS timeline
), former AS MATERIALIZED (
    SELECT pg_snapshot_xmax(f.snapshot) AS ended, f.snapshot
    FROM split_part($1::text, ' ', 1) AS t (timeline),
        CAST(split_part($1::text, ' ', 2) AS pg_snapshot) AS f (snapshot), here
    WHERE t.timeline = here.timeline AND pg_snapshot_xmax(f.snapshot) <= here.ended
), open AS MATERIALIZED (
    SELECT x.xid FROM former, pg_snapshot_xip(former.snapshot) AS x (xid)
)
SELECT now(), here.timeline || ' ' || here.snapshot::text,
    $1::text IS NULL OR EXISTS (SELECT FROM former),
    ARRAY(SELECT c.salon_id
          FROM former JOIN catalogue_change c ON c.xid >= former.ended AND c.xid < here.ended
          UNION
          SELECT c.salon_id FROM open JOIN catalogue_change c ON c.xid = open.xid
          LIMIT $2::bigint),
    ARRAY(SELECT s.id FROM (
              SELECT b.staff_id, b.former_staff
              FROM former JOIN bookings_booking b
                  ON b.changed_xid >= former.ended AND b.changed_xid < here.ended
              UNION ALL
              SELECT b.staff_id, b.former_staff
              FROM open JOIN bookings_booking b ON b.changed_xid = open.xid
          ) b, unnest(b.staff_id || b.former_staff) AS s (id)
          GROUP BY s.id LIMIT $3::bigint)
FROM here;
