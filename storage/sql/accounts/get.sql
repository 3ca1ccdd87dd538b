-- accounts_get: one account.
-- in:  $1 user bigint          out: the columns of storage/account_rows.h
SELECT id, phone_number, email, first_name, last_name, role, preferred_language, is_phone_verified,
       date_joined
FROM accounts_user WHERE id = $1::bigint;
