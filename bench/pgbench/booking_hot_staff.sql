-- As booking_create.sql, for one member of staff (:hot_staff of :hot_salon, with service :hot_service).
-- Each client takes every clients-th number from :first on.
\set n :first + :client_id + :clients * :i
\set i :i + 1
\set slot :first_slot + 900 * mod(:n, :times)
\set customer :staff_count + 1 + mod(:n, :customers)
SELECT * FROM bench_book_one(:customer, :hot_salon, :hot_service, :hot_staff, to_timestamp(:slot), '', 1000, 'pgbench');
