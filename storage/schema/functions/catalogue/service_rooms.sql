-- service_rooms: where a service can take place.
-- in:  service      out: ids of active rooms, ascending
CREATE OR REPLACE FUNCTION service_rooms(service bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(SELECT r.id FROM catalogue_service_room q JOIN catalogue_room r ON r.id = q.room_id
                 WHERE q.service_id = service AND r.active ORDER BY r.id);
END $$;
