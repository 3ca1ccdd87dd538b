-- desk_close: a salon, or one part of it, is no more (desk_close).
-- in:  $1 actor, $2 salon, $3 service, $4 staff, $5 room int8 (these NULL: the salon), $6
--      request's id text
-- out: refused text, active bookings ahead int8
SELECT (done.answer).refused, (done.answer).card::bigint
FROM (SELECT desk_close($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::text)
      AS answer OFFSET 0) done;
