"""One booking at a time: its latency (the median) over pgbench's for the same function, bookings_decide().

One client, one connection to Postgres on either side: what is more is HTTP, JSON, the token and one loop. The second row
has pgbench book with the fastest function for one booking instead: what it costs besides that ours can do more than one."""
from harness.bookings import SETTINGS, Peer, create
from harness.result import compare

BAR = "<= 1.3"


def run(rig):
    ours = rig.mawid("booking-idle", workers=1, database=True, settings=SETTINGS)

    def row(title, peer, bar):
        return compare(title, "us", ("ours", lambda: create(rig, ours, connections=1)["latency_us"]["p50"]),
                       ("pgbench", peer.latency), rig.short_pairs, ratio=lambda own, peer: own / peer, bar=bar)

    rows = [row("latency of one booking", Peer(rig, "booking_decide"), BAR),
            row("over the fastest for one", Peer(rig, "booking_create"), None)]
    ours.end()
    return rows
