-- One booking by book_one.sql on the rows of bench/seed.sql; see harness/database.py.
-- Each client takes every clients-th number from :first on.
\set n :first + :client_id + :clients * :i
\set i :i + 1
\set member mod(:n, :staff_count)
\set slot :first_slot + 900 * mod(:n, :times)
\set customer :staff_count + 1 + mod(:n, :customers)
\set salon :member / 20 + 1
SELECT * FROM bench_book_one(:customer, :salon, :salon, :member + 1, to_timestamp(:slot), '', 1000, 'pgbench');
