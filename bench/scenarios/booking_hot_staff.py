"""One member of staff whom everybody wants, 1,000 clients, free times: bookings per second over pgbench's on that row.

Each booking has to lock the same row, and holds it until its commit is on disk: one by one, that is one flush each.
A measurement makes 12,000 bookings for a member of its own (of her twenty thousand times); pgbench likewise."""
from harness.bookings import SETTINGS, WORKERS, Peer, create, hot_staff, one_row_table
from harness.result import compare

BAR = ">= 5"
CLIENTS, BOOKINGS = 1000, 12000
PEER_CONNECTIONS = (1, 4, 16)


def run(rig):
    ours = rig.mawid("booking-hot-staff", workers=WORKERS, database=True, settings=SETTINGS)
    peer = Peer(rig, "booking_hot_staff")
    salon, service, staff = hot_staff(rig, 2 * rig.pairs + len(PEER_CONNECTIONS) + 1)
    members = iter(staff)

    def by_pgbench(clients):
        return peer.rate(clients, first=0, hot_salon=salon, hot_service=service, hot_staff=next(members))

    def by_us():
        tables = [one_row_table(rig, "staff", salon, service, next(members)), rig.database.table("time"),
                  rig.database.table("customer")]
        return create(rig, ours, "booking_hot_staff.http", tables, connections=CLIENTS, requests=BOOKINGS, warmup=0,
                      duration=60)["rate"]

    by_us()  # the first clients of a server meet connections that have planned nothing yet
    best = max(PEER_CONNECTIONS, key=by_pgbench)
    row = compare("bookings of one member", "1/s", ("ours", by_us), ("pgbench", lambda: by_pgbench(best)), rig.pairs,
                  ratio=lambda own, peer: own / peer, bar=BAR)
    row.notes.append(f"{WORKERS} workers, {CLIENTS} clients; pgbench with {best} connections, the best of {PEER_CONNECTIONS}")
    ours.end()
    return [row]
