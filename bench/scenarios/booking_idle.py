"""One booking at a time: its latency (the median) over pgbench's for the same, by the fastest function for one booking.

One client, one connection to Postgres on either side: what is more is HTTP, JSON, the token, one loop, and that our
function can do more than one. The second row has pgbench call that very function."""
from harness.bookings import SETTINGS, Peer, create
from harness.result import compare

BAR = "<= 1.3"


def run(rig):
    ours = rig.mawid("booking-idle", workers=1, database=True, settings=SETTINGS)

    def row(title, peer, bar):
        return compare(title, "us", ("ours", lambda: create(rig, ours, connections=1)["latency_us"]["p50"]),
                       ("pgbench", peer.latency), rig.short_pairs, ratio=lambda own, peer: own / peer, bar=bar)

    rows = [row("latency of one booking", Peer(rig, "booking_create"), BAR),
            row("over the server's own function", Peer(rig, "booking_decide"), None)]
    ours.end()
    return rows
