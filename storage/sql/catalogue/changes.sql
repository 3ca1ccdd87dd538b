-- catalogue_changes: what changed between two looks: by transactions that the snapshot of the former look
-- could not see, and this one can. Those are the ones that began after it, and those that were under way
-- in it: however long one lasts, nothing else is read. Always one row.
-- in:  $1 former look text (as this statement gave it; NULL: none yet), $2 salons, $3 staff at most int8
-- out: now timestamptz; this look text; false when the former look cannot be of this server's past (it was
--      replaced by an older copy); salons int8[]; staff whose bookings changed int8[]
WITH former AS MATERIALIZED (
    SELECT pg_snapshot_xmax($1::text::pg_snapshot) AS ended
), open AS MATERIALIZED (
    SELECT x.xid FROM pg_snapshot_xip($1::text::pg_snapshot) AS x (xid)
)
SELECT now(), pg_current_snapshot()::text,
    coalesce((SELECT former.ended FROM former) <= pg_snapshot_xmax(pg_current_snapshot()), true),
    ARRAY(SELECT c.salon_id FROM former JOIN catalogue_change c ON c.xid >= former.ended
          UNION
          SELECT c.salon_id FROM open JOIN catalogue_change c ON c.xid = open.xid
          LIMIT $2::bigint),
    ARRAY(SELECT s.id FROM (
              SELECT b.staff_id, b.former_staff
              FROM former JOIN bookings_booking b ON b.changed_xid >= former.ended
              UNION ALL
              SELECT b.staff_id, b.former_staff FROM open JOIN bookings_booking b ON b.changed_xid = open.xid
          ) b, unnest(b.staff_id || b.former_staff) AS s (id)
          GROUP BY s.id LIMIT $3::bigint);
