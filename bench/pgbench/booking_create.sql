-- What the server runs for POST /api/bookings/, on the rows of bench/seed.sql; see harness/database.py.
-- Each client takes every clients-th number from :first on.
\set n :first + :client_id + :clients * :i
\set i :i + 1
\set member mod(:n, :staff_count)
\set slot :first_slot + 900 * mod(:n, :times)
\set customer :staff_count + 1 + mod(:n, :customers)
\set salon :member / 20 + 1
-- statement: bookings/create.sql
-- $1 = :customer
-- $2 = :salon
-- $3 = :salon
-- $4 = :member + 1
-- $5 = to_timestamp(:slot)
-- $6 = ''
-- $7 = 1000
-- $8 = 'pgbench'
