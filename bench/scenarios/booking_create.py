"""Durable bookings per second over different staff, 64 clients, over pgbench booking one by one at its best.

The whole request: HTTP, JSON, the token checked, the booking made and durably committed. pgbench books with the fastest
function for one booking that we could write, on as many connections as suit it best. Nothing is pinned, on either side."""
from harness.bookings import SETTINGS, WORKERS, Peer, create
from harness.result import compare

BAR = ">= 1.8"
PEER_CONNECTIONS = (8, 16, 32, 64)


def run(rig):
    ours = rig.mawid("booking-create", workers=WORKERS, database=True, settings=SETTINGS)
    peer = Peer(rig, "booking_create")
    best = max(PEER_CONNECTIONS, key=peer.rate)
    row = compare("bookings over transactions", "1/s", ("ours", lambda: create(rig, ours)["rate"]),
                  ("pgbench", lambda: peer.rate(best)), rig.pairs, ratio=lambda own, peer: own / peer, bar=BAR)
    row.notes.append(f"{WORKERS} workers, 64 clients; pgbench with {best} connections, the best of {PEER_CONNECTIONS}")
    ours.end()
    return [row]
