"""One booking at a time: its latency over pgbench's latency for the same statement.

One client, one connection to Postgres on either side: what is more is HTTP, JSON, the token and one loop."""
from harness.database import CUSTOMERS, STAFF, TIMES
from harness.load import pgbench, pgbench_script
from harness.result import compare

from .booking_create import SETTINGS, create

BAR = "<= 1.3"


def run(rig):
    ours = rig.mawid("booking-idle", workers=1, database=True, settings=SETTINGS)
    script = pgbench_script(rig, "booking_create")

    def by_pgbench():
        return 1e6 / pgbench(rig, script, 1, [
            ("first", rig.load.numbers("booking_create.http")), ("clients", 1), ("i", 0), ("staff_count", STAFF),
            ("times", TIMES), ("customers", CUSTOMERS), ("first_slot", rig.database.first_slot)])[0]

    row = compare("latency of one booking", "us", ("ours", lambda: create(rig, ours, connections=1)["latency_us"]["mean"]),
                  ("pgbench", by_pgbench), rig.pairs, ratio=lambda own, peer: own / peer, bar=BAR)
    ours.end()
    return [row]
