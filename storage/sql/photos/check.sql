-- photos_check: may this user add photos to that salon? Asked before the body is read.
-- in:  $1 actor, $2 salon int8          out: refused text
SELECT salon_check($1::bigint, $2::bigint);
