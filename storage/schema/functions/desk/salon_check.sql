-- salon_check: may this user manage that salon?
-- in:  actor (a user's id), salon (NULL: may she have one at all?)
-- out: NULL: yes; or TOKEN_INVALID, FORBIDDEN, NOT_FOUND
CREATE OR REPLACE FUNCTION salon_check(p_actor bigint, p_salon bigint) RETURNS text
    LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN u.id IS NULL THEN 'TOKEN_INVALID'
        WHEN u.role NOT IN ('manager', 'admin') THEN 'FORBIDDEN'
        WHEN p_salon IS NOT NULL AND s.id IS NULL THEN 'NOT_FOUND' END
    FROM (SELECT 1) AS one
    LEFT JOIN accounts_user u ON u.id = p_actor
    LEFT JOIN catalogue_salon s ON s.id = p_salon AND s.active
        AND (u.role = 'admin' OR s.owner_id = u.id)
$$;
