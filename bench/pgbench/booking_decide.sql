-- One booking by the function that the server calls, on the rows of bench/seed.sql; see harness/database.py.
-- Each client takes every clients-th number from :first on.
\set n :first + :client_id + :clients * :i
\set i :i + 1
\set member mod(:n, :staff_count)
\set slot :first_slot + 900 * mod(:n, :times)
\set customer :staff_count + 1 + mod(:n, :customers)
\set salon :member / 20 + 1
-- statement: bookings/create.sql
-- $1 = 1000
-- $2 = 2
-- $3 = 600
-- $4 = ARRAY[:customer]
-- $5 = ARRAY[:salon]
-- $6 = '{0}'
-- $7 = '{""}'
-- $8 = '{pgbench}'
-- $9 = '{en}'
-- $10 = '{""}'
-- $11 = '{""}'
-- $12 = '{1}'
-- $13 = ARRAY[:salon]
-- $14 = ARRAY[:member + 1]
-- $15 = ARRAY[to_timestamp(:slot)]
