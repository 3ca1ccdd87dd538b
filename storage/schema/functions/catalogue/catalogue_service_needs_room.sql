-- catalogue_service_needs_room: trigger of catalogue_service_room: keeps needs_room of the services
-- true.
-- out: nothing (the rows are written by then)
CREATE OR REPLACE FUNCTION catalogue_service_needs_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE catalogue_service v SET needs_room = EXISTS (
            SELECT FROM catalogue_service_room q WHERE q.service_id = v.id)
        WHERE v.id = OLD.service_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE catalogue_service v SET needs_room = true
        WHERE v.id = NEW.service_id AND NOT v.needs_room;
    END IF;
    RETURN NULL;
END $$;
