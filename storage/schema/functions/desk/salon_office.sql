-- salon_office: may this user manage that salon?
-- in:  actor (a user's id), salon
-- out: verdict (NULL: yes; actor_unknown, forbidden, not_found); lang: what the actor prefers
CREATE OR REPLACE FUNCTION salon_office(p_actor bigint, p_salon bigint, OUT verdict text,
    OUT lang text)
    LANGUAGE sql STABLE AS $$
    SELECT CASE
            WHEN u.id IS NULL THEN 'actor_unknown'
            WHEN u.role NOT IN ('manager', 'admin') THEN 'forbidden'
            WHEN s.id IS NULL THEN 'not_found' END,
        u.preferred_language
    FROM (SELECT 1) AS one
    LEFT JOIN accounts_user u ON u.id = p_actor
    LEFT JOIN catalogue_salon s ON s.id = p_salon AND s.active
        AND (u.role = 'admin' OR s.owner_id = u.id)
$$;
