-- accounts_change: a person changes what is theirs to change. NULL leaves a column as it is.
-- Refused by accounts_user_email_key: the address belongs to another account.
-- in:  $1 user bigint, $2 first name text, $3 last name text, $4 write the e-mail address? boolean,
--      $5 e-mail address text or NULL, $6 language text          out: the columns of account_rows.h
UPDATE accounts_user SET
    first_name = coalesce($2::text, first_name),
    last_name = coalesce($3::text, last_name),
    email = CASE WHEN $4::boolean THEN $5::text ELSE email END,
    preferred_language = coalesce($6::text, preferred_language)
WHERE id = $1::bigint
RETURNING id, phone_number, email, first_name, last_name, role, preferred_language,
          is_phone_verified, date_joined;
