"""One time that 1,000 clients want in the same moment: one gets it; how long the last losers wait.

Held against the same burst of 1,000 clients of whom each wants another time, and gets it: losing must not cost much
more than winning. The losers' answers hold free times instead (409 with alternatives). For information, the same time
wanted by 1,000 clients who come within a second, held against a lone booking: what losing costs where nobody queues."""
from harness.bookings import SETTINGS, WORKERS, count, create, hot_staff, one_row_table
from harness.result import Broken, compare

BAR = "<= 4"
CLIENTS = 1000


def run(rig):
    ours = rig.mawid("booking-hot-slot", workers=WORKERS, database=True, settings=SETTINGS)
    salon, service, (member,) = hot_staff(rig, 1)
    slots = iter(range(0, 20000, 40))

    def losers(**options):
        before, slot = count(rig, f"staff_id = {member}"), rig.database.slot_text(next(slots))
        tables = [one_row_table(rig, "staff", salon, service, member), one_row_table(rig, "time", slot),
                  rig.database.table("customer")]
        result = rig.load.run(ours, "booking_hot_slot.http", expect=409, tables=tables, connections=CLIENTS,
                              requests=CLIENTS, warmup=0, duration=60, **options)
        made = count(rig, f"staff_id = {member}") - before
        if result["status"] != {"201": 1, "409": CLIENTS - 1} or made != 1:
            raise Broken(f"one winner and {CLIENTS - 1} losers, not {result['status']} and {made} bookings made")
        return result["latency_us"]["p99"] / 1000

    def winners():
        return create(rig, ours, connections=CLIENTS, requests=CLIENTS, warmup=0, duration=60)["latency_us"]["p50"] / 1000

    def lone():
        return create(rig, ours, connections=1)["latency_us"]["p50"] / 1000

    winners()
    losers()
    row = compare("p99 of losers over median commit", "ms", ("losers", losers), ("commit", winners), rig.pairs,
                  ratio=lambda lost, won: lost / won, bar=BAR)
    row.notes.append(f"{CLIENTS} clients at once; one winner in each of the bursts")
    within = compare("the same within a second over lone commit", "ms", ("losers", lambda: losers(rate=CLIENTS)),
                     ("commit", lone), rig.pairs, ratio=lambda lost, won: lost / won)
    ours.end()
    return [row, within]
