-- catalogue_salons_list: active salons, best rated first; the page after (rating, id).
-- in:  $1 city as typed text ('': any), $2 after rating int4, $3 after id int8 (0: first page), $4
--      limit int8
-- out: id, name_ar, name_en, city_ar, city_en, address, phone, timezone, latitude, longitude
--      float8, rating in hundredths int2, review_count int4
SELECT s.id, s.name_ar, s.name_en, s.city_ar, s.city_en, s.address, s.phone, s.timezone,
    s.latitude, s.longitude, s.rating_hundredths, s.review_count
FROM catalogue_salon s
WHERE s.active
    AND ($1::text = '' OR (SELECT search_fold($1::text)) IN (s.city_ar_folded, s.city_en_folded))
    AND ($3::bigint = 0 OR s.rating_hundredths < $2::integer
         OR (s.rating_hundredths = $2::integer AND s.id > $3::bigint))
ORDER BY s.rating_hundredths DESC, s.id
LIMIT $4::bigint;
