-- catalogue_times: when the staff of a salon work, and which rooms its services need. Always one
-- row. Sorted as domain/catalogue/slots.h asks; seconds since 1970. Exceptions that are over are
-- left out.
-- in:  $1 salon int8, $2 at most int8 rows of each kind
-- out: windows: owner, weekday, starts, ends int8[]; extra: owner, starts, ends int8[]; off: the
--      same; rooms: service, room int8[], room is active int8[] (0, 1)
WITH team AS MATERIALIZED (
    SELECT staff.id FROM catalogue_staff staff WHERE staff.salon_id = $1::bigint AND staff.active
)
SELECT windows.owner, windows.weekday, windows.starts, windows.ends,
    extra.owner, extra.starts, extra.ends, off.owner, off.starts, off.ends,
    rooms.service, rooms.room, rooms.active
FROM (
    SELECT coalesce(array_agg(w.staff_id), '{}') AS owner,
        coalesce(array_agg(w.weekday::bigint), '{}') AS weekday,
        coalesce(array_agg(w.starts_minute::bigint), '{}') AS starts,
        coalesce(array_agg(w.ends_minute::bigint), '{}') AS ends
    FROM (SELECT w.* FROM team JOIN catalogue_staff_window w ON w.staff_id = team.id
          ORDER BY w.staff_id, w.weekday, w.starts_minute LIMIT $2::bigint) w) windows,
(
    SELECT coalesce(array_agg(x.staff_id), '{}') AS owner,
        coalesce(array_agg(floor(date_part('epoch', x.starts_at))::bigint), '{}') AS starts,
        coalesce(array_agg(ceil(date_part('epoch', x.ends_at))::bigint), '{}') AS ends
    FROM (SELECT x.* FROM team JOIN catalogue_staff_exception x ON x.staff_id = team.id
          WHERE x.kind = 'off' AND x.ends_at > now()
          ORDER BY x.staff_id, x.starts_at LIMIT $2::bigint) x) off,
(
    SELECT coalesce(array_agg(x.staff_id), '{}') AS owner,
        coalesce(array_agg(ceil(date_part('epoch', x.starts_at))::bigint), '{}') AS starts,
        coalesce(array_agg(floor(date_part('epoch', x.ends_at))::bigint), '{}') AS ends
    FROM (SELECT x.* FROM team JOIN catalogue_staff_exception x ON x.staff_id = team.id
          WHERE x.kind = 'extra' AND x.ends_at > now()
          ORDER BY x.staff_id, x.starts_at LIMIT $2::bigint) x) extra,
(
    SELECT coalesce(array_agg(r.service_id), '{}') AS service,
        coalesce(array_agg(r.room_id), '{}') AS room, coalesce(array_agg(r.active), '{}') AS active
    FROM (SELECT q.service_id, q.room_id,
              coalesce(r.active AND r.salon_id = $1::bigint, false)::integer::bigint AS active
          FROM catalogue_service v
          JOIN catalogue_service_room q ON q.service_id = v.id
          LEFT JOIN catalogue_room r ON r.id = q.room_id
          WHERE v.salon_id = $1::bigint AND v.active
          ORDER BY q.service_id, q.room_id LIMIT $2::bigint) r) rooms;
