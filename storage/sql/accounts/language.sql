-- accounts_language: the language that a person chose.
-- in:  $1 user bigint          out: preferred_language text
SELECT preferred_language FROM accounts_user WHERE id = $1::bigint;
