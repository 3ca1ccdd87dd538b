-- catalogue_directory_some: certain active salons as a search sees them.
-- in:  $1 salons int8[]
-- out: as directory
SELECT s.id, s.name_ar, s.name_en, s.city_ar, s.city_en, s.address, s.phone, s.timezone,
    s.latitude, s.longitude, s.rating_hundredths, s.review_count,
    s.search_text, s.city_ar_folded, s.city_en_folded
FROM catalogue_salon s
WHERE s.active AND s.id = ANY ($1::bigint[]);
