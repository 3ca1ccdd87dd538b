-- catalogue_directory: active salons as a search sees them, best rated first; the page after
-- (rating, id).
-- in:  $1 after rating int4, $2 after id int8 (0: first page), $3 limit int8
-- out: the columns of salons_list, then search_text, city_ar_folded, city_en_folded
SELECT s.id, s.name_ar, s.name_en, s.city_ar, s.city_en, s.address, s.phone, s.timezone,
    s.latitude, s.longitude, s.rating_hundredths, s.review_count,
    s.search_text, s.city_ar_folded, s.city_en_folded
FROM catalogue_salon s
WHERE s.active AND ($2::bigint = 0 OR s.rating_hundredths < $1::integer
                    OR (s.rating_hundredths = $1::integer AND s.id > $2::bigint))
ORDER BY s.rating_hundredths DESC, s.id
LIMIT $3::bigint;
