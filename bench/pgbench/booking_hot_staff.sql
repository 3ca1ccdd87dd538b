-- As booking_create.sql, for one member of staff (:hot_staff of :hot_salon, with service :hot_service).
-- Each client takes every clients-th number from :first on.
\set n :first + :client_id + :clients * :i
\set i :i + 1
\set slot :first_slot + 900 * mod(:n, :times)
\set customer :staff_count + 1 + mod(:n, :customers)
-- statement: bookings/create.sql
-- $1 = 1000
-- $2 = 2
-- $3 = 600
-- $4 = ARRAY[:customer]
-- $5 = ARRAY[:hot_salon]
-- $6 = '{0}'
-- $7 = '{""}'
-- $8 = '{pgbench}'
-- $9 = '{""}'
-- $10 = '{""}'
-- $11 = '{""}'
-- $12 = '{1}'
-- $13 = ARRAY[:hot_service]
-- $14 = ARRAY[:hot_staff]
-- $15 = ARRAY[to_timestamp(:slot)]
