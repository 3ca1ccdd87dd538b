"""One time that 1,000 clients want in the same moment: one gets it; how long the last losers wait.

Held against the same burst of 1,000 clients of whom each wants another time, and gets it: losing must not cost much
more than winning. The losers' answers hold free times instead (409 with alternatives)."""
from harness.hot import hot_staff, one_row_table
from harness.result import compare

from .booking_create import SETTINGS, WORKERS

BAR = "<= 4"
CLIENTS = 1000


def run(rig):
    ours = rig.mawid("booking-hot-slot", workers=WORKERS, database=True, settings=SETTINGS)
    salon, service, (member,) = hot_staff(rig, 1)
    slots = iter(range(0, 20000, 40))

    def burst(request, expect, staff, time):
        return rig.load.run(ours, request, expect=expect, tables=[staff, time, rig.database.table("customer")],
                            connections=CLIENTS, requests=CLIENTS, warmup=0, duration=60)

    def losers():
        slot = rig.database.slot_text(next(slots))
        result = burst("booking_hot_slot.http", 409, one_row_table(rig, "staff", salon, service, member),
                       one_row_table(rig, "time", slot))
        if result["status"].get("201") != 1:
            raise AssertionError(f"one winner, not {result['status']}")
        return result["latency_us"]["p99"] / 1000

    def winners():
        return burst("booking_create.http", 201, rig.database.table("staff"), rig.database.table("time"))["latency_us"]["p50"] / 1000

    winners()
    losers()
    row = compare("p99 of losers over median commit", "ms", ("losers", losers), ("commit", winners), rig.pairs,
                  ratio=lambda lost, won: lost / won, bar=BAR)
    row.notes.append(f"{CLIENTS} clients at once; one winner in each of the bursts")
    ours.end()
    return [row]
