-- catalogue_salons_search: as salons_list, of those whose names or city contain every word of a
-- query in any order and in either language. Folding leaves nothing in a word that LIKE would read
-- as more than itself; the first word drives the trigram index, the others filter.
-- in:  $1 ... $4 as salons_list, $5 query as typed text
-- out: as salons_list
SELECT s.id, s.name_ar, s.name_en, s.city_ar, s.city_en, s.address, s.phone, s.timezone,
    s.latitude, s.longitude, s.rating_hundredths, s.review_count
FROM catalogue_salon s
WHERE s.active
    AND s.search_text LIKE (SELECT '%' || split_part(search_fold($5::text), ' ', 1) || '%')
    AND s.search_text LIKE ALL (SELECT '%' || word || '%'
                                FROM string_to_table(search_fold($5::text), ' ') AS word)
    AND search_fold($5::text) <> ''
    AND ($1::text = '' OR (SELECT search_fold($1::text)) IN (s.city_ar_folded, s.city_en_folded))
    AND ($3::bigint = 0 OR s.rating_hundredths < $2::integer
         OR (s.rating_hundredths = $2::integer AND s.id > $3::bigint))
ORDER BY s.rating_hundredths DESC, s.id
LIMIT $4::bigint;
