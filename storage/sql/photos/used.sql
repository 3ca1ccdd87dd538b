-- photos_used: does any salon show this content? One that is closed shows none.
-- in:  $1 content text          out: bool
SELECT EXISTS (SELECT FROM catalogue_photo f JOIN catalogue_salon s ON s.id = f.salon_id
               WHERE f.content = $1::text AND s.active);
