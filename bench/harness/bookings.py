"""What the booking scenarios share: the peer, members of staff of one's own, and counting what is really there."""
from .database import CUSTOMERS, ROOT, STAFF, TIMES
from .load import pgbench, pgbench_latency, pgbench_script
from .result import Broken

WORKERS = 2
SETTINGS = {"PG_CONNECTIONS": 8, "BOOKING_OPEN_MAX": 1000}


class Peer:
    """pgbench that books one by one with the fastest function for one booking (bench/pgbench/book_one.sql)."""

    def __init__(self, rig, name):
        self.rig, self.name = rig, name
        rig.database.seed()
        if rig.database.psql("-c", "SELECT to_regproc('bench_book_one') IS NULL").strip() == "t":
            rig.database.psql("-f", str(ROOT / "bench" / "pgbench" / "book_one.sql"))
        self.script = pgbench_script(rig, name)

    def rate(self, clients, first=None, **variables):
        """Bookings per second; each transaction that counts has made one."""
        return self.measured(lambda given: pgbench(self.rig, self.script, clients, given), first, clients=clients, **variables)

    def latency(self):
        """The median of one client's, in us."""
        return self.measured(lambda given: pgbench_latency(self.rig, self.script, given), clients=1)

    def measured(self, run, first=None, **variables):
        first = self.rig.load.numbers("booking_create.http") if first is None else first
        before = count(self.rig)
        figure, done = run([("first", first), ("i", 0), ("staff_count", STAFF), ("times", TIMES), ("customers", CUSTOMERS),
                            ("first_slot", self.rig.database.first_slot), *variables.items()])
        must_be_there(self.rig, before, done, f"{self.name} by pgbench")
        return figure


def create(rig, server, request="booking_create.http", tables=None, **options):
    """Bookings over HTTP that never collide, with any that were made before neither. Every 201 is in the table."""
    tables = tables or [rig.database.table(name) for name in ("staff", "time", "customer")]
    before = count(rig)
    result = rig.load.run(server, request, expect=201, tables=tables, **{"connections": 64, **options})
    must_be_there(rig, before, result["status"]["201"], request)
    return result


def count(rig, condition="true"):
    return int(rig.database.psql("-c", f"SELECT count(*) FROM bookings_booking WHERE {condition}"))


def must_be_there(rig, before, made, who):
    """More may be: what was under way when the time was over, or came before it began."""
    found = count(rig) - before
    if found < made:
        raise Broken(f"{who}: of {made} bookings only {found} are in the table")


def hot_staff(rig, members):
    """(salon, service, [staff]) of a new salon like those of the seed, for one measurement each: a member has twenty
    thousand free times, and then is full."""
    rig.database.seed()
    out = rig.database.psql("-c", f"""
        WITH salon AS (
            INSERT INTO catalogue_salon (owner_id, name_ar, name_en, city_ar, city_en, currency, grid_minutes,
                horizon_days)
            VALUES (1, 'صالون', 'Hot', 'الرياض', 'Riyadh', 'SAR', 15, 366) RETURNING id
        ), service AS (
            INSERT INTO catalogue_service (salon_id, duration_minutes, price_amount, currency, name_ar, name_en)
            SELECT id, 15, 10000, 'SAR', 'خدمة', 'Service' FROM salon RETURNING id
        ), staff AS (
            INSERT INTO catalogue_staff (salon_id, user_id) SELECT salon.id, n FROM salon, generate_series(1, {members}) n
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
