-- photos_unused: which of these contents no salon shows.
-- in:  $1 contents text[]          out: content text
SELECT c.content FROM unnest($1::text[]) AS c (content)
WHERE NOT EXISTS (SELECT FROM catalogue_photo f WHERE f.content = c.content);
