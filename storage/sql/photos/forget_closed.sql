-- photos_forget_closed: a salon that is closed has no photos.
-- in:  $1 salon int8          out: –
DELETE FROM catalogue_photo f USING catalogue_salon s
WHERE s.id = f.salon_id AND f.salon_id = $1::bigint AND NOT s.active;
