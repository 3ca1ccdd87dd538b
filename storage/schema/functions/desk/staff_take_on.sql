-- staff_take_on: somebody works at a salon, by her phone number. A phone that nobody has gets an
-- account (unverified: logging in still needs its code), with the names given; an account that is
-- there keeps its own names if it has any, and a customer becomes staff. Without a name nobody is
-- taken on: everybody would be shown her phone number in its place. Who was removed comes back
-- under the same id. The salon's row is locked.
-- in:  salon; phone, names; most: of a salon
-- out: refused (STAFF_ALREADY, CATALOGUE_FULL, STAFF_UNNAMED), or staff: the member's id
CREATE OR REPLACE FUNCTION staff_take_on(p_salon bigint, p_phone text, p_first_name text,
    p_last_name text, p_most bigint, OUT refused text, OUT staff bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    person bigint;
    given text := coalesce(p_first_name, '');
    family text := coalesce(p_last_name, '');
BEGIN
    refused := CASE
        WHEN EXISTS (SELECT FROM accounts_user u JOIN catalogue_staff m ON m.user_id = u.id
                     WHERE u.phone_number = p_phone AND m.salon_id = p_salon AND m.active)
            THEN 'STAFF_ALREADY'
        WHEN (SELECT count(*) FROM catalogue_staff m
              WHERE m.salon_id = p_salon AND m.active) >= p_most THEN 'CATALOGUE_FULL'
        WHEN given || family = '' AND NOT EXISTS (
            SELECT FROM accounts_user u
            WHERE u.phone_number = p_phone AND u.first_name || u.last_name <> '')
            THEN 'STAFF_UNNAMED' END;
    IF refused IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO accounts_user (phone_number, role, first_name, last_name)
    VALUES (p_phone, 'staff', given, family) ON CONFLICT (phone_number) DO NOTHING;
    SELECT u.id INTO person FROM accounts_user u WHERE u.phone_number = p_phone;
    UPDATE accounts_user u SET role = 'staff' WHERE u.id = person AND u.role = 'customer';
    UPDATE accounts_user u SET first_name = given, last_name = family
    WHERE u.id = person AND u.first_name || u.last_name = '';
    INSERT INTO catalogue_staff AS m (salon_id, user_id) VALUES (p_salon, person)
    ON CONFLICT (user_id, salon_id) DO UPDATE SET active = true RETURNING m.id INTO staff;
END $$;
