"""Bookings per second, each for another member of staff, over pgbench calling the same function.

The whole request: HTTP, JSON, the token checked, the booking made and durably committed. Nothing is pinned."""
from harness.database import CUSTOMERS, STAFF, TIMES
from harness.load import pgbench, pgbench_script
from harness.result import Broken, compare

BAR = ">= 0.8"
WORKERS, PG_CONNECTIONS = 2, 8  # per worker


def run(rig):
    ours = rig.mawid("booking-create", workers=WORKERS, database=True, settings={"PG_CONNECTIONS": PG_CONNECTIONS})
    script = pgbench_script(rig, "booking_create")
    clients = WORKERS * PG_CONNECTIONS

    def by_pgbench():
        before = bookings(rig)
        rate, made = pgbench(rig, script, clients, [
            ("first", rig.load.numbers("booking_create.http")), ("clients", clients), ("i", 0), ("staff_count", STAFF),
            ("times", TIMES), ("customers", CUSTOMERS), ("first_slot", rig.database.first_slot)])
        if bookings(rig) - before < made:  # more: what was under way when the time was over
            raise Broken(f"of {made} transactions of pgbench only {bookings(rig) - before} made a booking")
        return rate

    row = compare("bookings over transactions", "1/s", ("ours", lambda: create(rig, ours)["rate"]),
                  ("pgbench", by_pgbench), rig.pairs, ratio=lambda own, peer: own / peer, bar=BAR)
    row.notes.append(f"{WORKERS} workers with {PG_CONNECTIONS} connections each; pgbench with {clients}; 128 clients")
    ours.end()
    return [row]


def bookings(rig):
    return int(rig.database.psql("-c", "SELECT count(*) FROM bookings_booking"))


def create(rig, server, **options):
    """Makes bookings that never collide, with any that were made before neither."""
    tables = [rig.database.table(name) for name in ("staff", "time", "customer")]
    return rig.load.run(server, "booking_create.http", expect=201, tables=tables, **{"connections": 128, **options})
