-- photos_used: does any salon show this content?
-- in:  $1 content text          out: bool
SELECT EXISTS (SELECT FROM catalogue_photo f WHERE f.content = $1::text);
