"""Phone requests per second over pgbench running the same statement on as many connections.

The whole request: HTTP, JSON, the number checked, limits in Redis, the row in Postgres, the (silent) console provider.
Every number is asked once. Nothing is pinned, for either side."""
from harness.load import pgbench, pgbench_script
from harness.result import compare

BAR = ">= 0.6"
WORKERS, PG_CONNECTIONS = 2, 8  # per worker


def run(rig):
    ours = rig.mawid("phone-request", workers=WORKERS, database=True, settings={"PG_CONNECTIONS": PG_CONNECTIONS})
    script = pgbench_script(rig, "phone_request")
    clients = WORKERS * PG_CONNECTIONS

    def by_pgbench():
        first = rig.load.numbers("phone_request.http")
        return pgbench(rig, script, clients, [("first", first), ("clients", clients), ("i", 0)])[0]

    row = compare("requests over transactions", "1/s",
                  ("ours", lambda: rig.load.run(ours, "phone_request.http", expect=201, connections=128)["rate"]),
                  ("pgbench", by_pgbench), rig.pairs, ratio=lambda own, peer: own / peer, bar=BAR)
    row.notes.append(f"{WORKERS} workers with {PG_CONNECTIONS} connections each; pgbench with {clients}; "
                     "128 clients")
    ours.end()
    return [row]
