"""Members of staff that one measurement has to itself: each has twenty thousand free times, and then is full."""


def hot_staff(rig, count):
    """(salon, service, [staff]) of a new salon like those of the seed."""
    rig.database.seed()
    out = rig.database.psql("-c", f"""
        WITH salon AS (
            INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en, grid_minutes, horizon_days)
            VALUES (1, 'صالون', 'Hot', 'الرياض', 'Riyadh', 15, 366) RETURNING id
        ), service AS (
            INSERT INTO catalogue_service (salon_id, duration_minutes, price_amount, name_ar, name_en)
            SELECT id, 15, 10000, 'خدمة', 'Service' FROM salon RETURNING id
        ), staff AS (
            INSERT INTO catalogue_staff (salon_id, user_id) SELECT salon.id, n FROM salon, generate_series(1, {count}) n
            RETURNING id
        ), offers AS (
            INSERT INTO catalogue_staff_service SELECT staff.id, service.id FROM staff, service
        ), opening AS (
            INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute)
            SELECT salon.id, d, 0, 1440 FROM salon, generate_series(0, 6) d
        ), windows AS (
            INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute)
            SELECT staff.id, d, 0, 1440 FROM staff, generate_series(0, 6) d
        )
        SELECT salon.id, service.id, string_agg(staff.id::text, ',') FROM salon, service, staff GROUP BY 1, 2""")
    salon, service, staff = out.strip().split("|")
    return int(salon), int(service), [int(n) for n in staff.split(",")]


def one_row_table(rig, name, *cells):
    path = rig.work / f"{name}-{'-'.join(map(str, cells)).replace(':', '')}.tsv"
    path.write_text("\t".join(map(str, cells)) + "\n")
    return name, path
