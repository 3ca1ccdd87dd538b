-- desk_exception_remove: staff_exception_remove.
-- in:  $1 actor, $2 salon, $3 staff, $4 exception int8          out: refused text
SELECT (staff_exception_remove($1::bigint, $2::bigint, $3::bigint, $4::bigint)).refused;
