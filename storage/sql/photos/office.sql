-- photos_office: may this user add photos to that salon? Asked before the body is read.
-- in:  $1 actor, $2 salon int8          out: verdict ('ok' or the refusal), lang text
SELECT coalesce(f.verdict, 'ok'), f.lang FROM salon_office($1::bigint, $2::bigint) f;
