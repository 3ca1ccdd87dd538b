-- catalogue_staff_exists: is there such an active member of staff, in any salon? Always one row.
-- in:  $1 staff int8                                                                out: bool
SELECT EXISTS (SELECT FROM catalogue_staff staff WHERE staff.id = $1::bigint AND staff.active);
