-- photos_unused: which of these contents no salon shows; one that is closed shows none.
-- in:  $1 contents text[]          out: content text
SELECT c.content FROM unnest($1::text[]) AS c (content)
WHERE NOT EXISTS (SELECT FROM catalogue_photo f JOIN catalogue_salon s ON s.id = f.salon_id
                  WHERE f.content = c.content AND s.active);
