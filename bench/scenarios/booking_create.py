"""Durable bookings per second over different staff, 64 clients, over pgbench booking one by one at its best.

The whole request: HTTP, JSON, the token checked, the booking made and durably committed. pgbench calls the same
statement with one booking, on as many connections as suit it best. Nothing is pinned, on either side."""
from harness.database import CUSTOMERS, STAFF, TIMES
from harness.load import pgbench, pgbench_script
from harness.result import Broken, compare

BAR = ">= 1.8"
WORKERS = 2
SETTINGS = {"PG_CONNECTIONS": 8, "BOOKING_OPEN_MAX": 1000}
PEER_CONNECTIONS = (8, 16, 32)


def run(rig):
    ours = rig.mawid("booking-create", workers=WORKERS, database=True, settings=SETTINGS)
    script = pgbench_script(rig, "booking_create")

    def by_pgbench(clients):
        before = bookings(rig)
        rate, made = pgbench(rig, script, clients, [
            ("first", rig.load.numbers("booking_create.http")), ("clients", clients), ("i", 0), ("staff_count", STAFF),
            ("times", TIMES), ("customers", CUSTOMERS), ("first_slot", rig.database.first_slot)])
        if bookings(rig) - before < made:  # more: what was under way when the time was over
            raise Broken(f"of {made} transactions of pgbench only {bookings(rig) - before} made a booking")
        return rate

    best = max(PEER_CONNECTIONS, key=by_pgbench)
    row = compare("bookings over transactions", "1/s", ("ours", lambda: create(rig, ours)["rate"]),
                  ("pgbench", lambda: by_pgbench(best)), rig.pairs, ratio=lambda own, peer: own / peer, bar=BAR)
    row.notes.append(f"{WORKERS} workers, 64 clients; pgbench with {best} connections, the best of {PEER_CONNECTIONS}")
    ours.end()
    return [row]


def bookings(rig):
    return int(rig.database.psql("-c", "SELECT count(*) FROM bookings_booking"))


def create(rig, server, **options):
    """Makes bookings that never collide, with any that were made before neither."""
    tables = [rig.database.table(name) for name in ("staff", "time", "customer")]
    return rig.load.run(server, "booking_create.http", expect=201, tables=tables, **{"connections": 64, **options})
