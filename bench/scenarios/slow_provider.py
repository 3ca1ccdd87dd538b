"""500 phone requests wait on a provider that takes 5 s: p99 of others with them over p99 without.

Both others arrive at a fixed rate well below capacity, and their latency counts from when they were meant to be sent."""
import math
import time

from harness.result import Broken, Row

BAR = "<= 1.5"
DELAY, WAITING = 5, 500
SMALL_RATE, BOOKING_RATE = 1000, 400


def run(rig):
    partner = rig.partner(delay=DELAY)
    ours = rig.mawid("slow-provider", workers=2, database=True, settings=partner.settings())
    small, booking = ([], []), ([], [])
    measure(rig, ours, small[1], booking[1])
    for _ in range(rig.pairs):
        with Waiting(rig, ours, partner):
            measure(rig, ours, small[0], booking[0])
        measure(rig, ours, small[1], booking[1])
    ours.end()
    partner.end()
    return [row("small JSON p99", small), row("booking create p99", booking)]


def row(title, sides):
    """Each p99 with them is held against the mean of those before and after it."""
    with_them, without = sides
    ratios = [p99 / math.sqrt(without[i] * without[i + 1]) for i, p99 in enumerate(with_them)]
    return Row(title, "us", "with", with_them, "without", without, ratios, BAR)


def measure(rig, server, small, booking):
    """Both at once, each by a generator of its own."""
    seconds = 1.5 if rig.quick else 3.5
    tables = [rig.database.table(name) for name in ("staff", "time", "customer")]
    others = rig.load.background(server, "small.http", rate=SMALL_RATE, connections=64, duration=seconds)
    bookings = rig.load.background(server, "booking_create.http", rate=BOOKING_RATE, connections=64, duration=seconds,
                                   tables=tables)
    small.append(rig.load.finished(others, 200, server)["latency_us"]["p99"])
    booking.append(rig.load.finished(bookings, 201, server)["latency_us"]["p99"])


class Waiting:
    """While it is entered, 500 phone requests wait at the partner, a hundred a second ending and beginning."""

    def __init__(self, rig, server, partner):
        self.rig, self.server, self.partner = rig, server, partner
        self.generator = None

    def __enter__(self):
        ramp = 2 if self.rig.quick else DELAY
        self.generator = self.rig.load.background(self.server, "phone_request.http", connections=WAITING, ramp=ramp,
                                                  warmup=0, duration=60)
        time.sleep(ramp + 0.5)
        self.must_wait()

    def must_wait(self):
        waiting = self.partner.state()["waiting"]
        if waiting < 0.9 * WAITING:
            raise Broken(f"only {waiting} of {WAITING} requests wait at the provider; {self.server.last_words()}")

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.must_wait()  # they still do
        finally:
            self.rig.load.abandon(self.generator)
        time.sleep(0.3)  # the server notices the closed connections
