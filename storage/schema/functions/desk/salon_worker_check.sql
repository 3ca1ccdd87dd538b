-- salon_worker_check: as salon_check, but those who work there may as well.
-- in:  actor, salon
-- out: refused (NULL: she may), own: the only member of staff she may look at; NULL for managers
CREATE OR REPLACE FUNCTION salon_worker_check(p_actor bigint, p_salon bigint,
    OUT refused text, OUT own bigint)
    LANGUAGE sql STABLE AS $$
    SELECT CASE
            WHEN u.id IS NULL THEN 'TOKEN_INVALID'
            WHEN u.role = 'customer' THEN 'FORBIDDEN'
            WHEN s.id IS NULL OR NOT (manages.it OR m.id IS NOT NULL) THEN 'NOT_FOUND' END,
        CASE WHEN NOT manages.it THEN m.id END
    FROM (SELECT 1) AS one
    LEFT JOIN accounts_user u ON u.id = p_actor
    LEFT JOIN catalogue_salon s ON s.id = p_salon AND s.active
    LEFT JOIN catalogue_staff m ON m.salon_id = s.id AND m.user_id = u.id AND m.active
    CROSS JOIN LATERAL (
        SELECT u.role = 'admin' OR (u.role = 'manager' AND s.owner_id = u.id) AS it) manages
$$;
