-- salon_shop_floor: as salon_office, but those who work there may as well; `own` is then the only
-- member of staff they may look at, NULL for managers.
-- in:  actor (a user's id), salon
-- out: verdict (NULL: yes; actor_unknown, forbidden, not_found); lang: what the actor prefers; own
CREATE OR REPLACE FUNCTION salon_shop_floor(p_actor bigint, p_salon bigint, OUT verdict text,
    OUT lang text, OUT own bigint)
    LANGUAGE sql STABLE AS $$
    SELECT CASE
            WHEN u.id IS NULL THEN 'actor_unknown'
            WHEN u.role = 'customer' THEN 'forbidden'
            WHEN s.id IS NULL OR NOT (m.id IS NOT NULL OR u.role = 'admin'
                OR (u.role = 'manager' AND s.owner_id = u.id)) THEN 'not_found' END,
        u.preferred_language,
        CASE WHEN NOT (u.role = 'admin' OR (u.role = 'manager' AND s.owner_id = u.id)) THEN m.id END
    FROM (SELECT 1) AS one
    LEFT JOIN accounts_user u ON u.id = p_actor
    LEFT JOIN catalogue_salon s ON s.id = p_salon AND s.active
    LEFT JOIN catalogue_staff m ON m.salon_id = s.id AND m.user_id = u.id AND m.active
$$;
