"""Slots of one service: 20 staff, 31 days, 60 % booked; CPU of the server per request, and p99 at 200/s over HTTP.

Each request looks whether anything changed, computes and writes more than a hundred kilobytes. Postgres and the load
have the other core. The p99 of /healthz at the same rate says what the machine itself adds: where other work goes on, its
scheduler alone may take more than the bar. The last rows are for a server that keeps nothing in memory and reads ten
thousand claims each time."""
from harness.database import ROOT
from harness.result import single

BAR_CPU_US, BAR_P99_MS = "<= 500", "<= 10"
RATE = 200


def run(rig):
    ours = rig.mawid("slots", workers=1, cpu=rig.server_cpu, database=True)
    made = rig.database.psql("-v", "customer=2001", "-v", f"first_slot={rig.database.first_slot}", "-f",
                             str(ROOT / "bench" / "slots.sql")).split("\n")[0].split("|")
    (rig.work / "slots.tsv").write_text("\t".join(made) + "\n")
    cpu, p99, idle = measure(rig, ours)
    rows = [single("CPU per request", "us", "ours", cpu, BAR_CPU_US),
            single(f"p99 at {RATE}/s", "ms", "ours", p99, BAR_P99_MS),
            single(f"p99 of /healthz at {RATE}/s", "ms", "ours", idle, None)]
    body = ours.get("/api/salons/{}/slots/?service={}&from={}&days=31".format(*made))[1]
    rows[0].notes.append(f"a body of {len(body)} bytes")
    ours.end()
    plain = rig.mawid("slots-plain", workers=1, cpu=rig.server_cpu, database=True, settings={"CATALOGUE_CACHE_MB": 0})
    cpu, p99, _ = measure(rig, plain)
    rows += [single("CPU per request, nothing kept", "us", "ours", cpu, None),
             single(f"p99 at {RATE}/s, nothing kept", "ms", "ours", p99, None)]
    plain.end()
    return rows


def measure(rig, server):
    """CPU per request in us, p99 in ms, and that of /healthz, in turn."""
    seen, idle = [], []
    for _ in range(rig.pairs):
        seen.append(rig.load.run(server, "slots.http", cpu=rig.load_cpu, connections=64, rate=RATE,
                                 tables=[("slots", rig.work / "slots.tsv")]))
        idle.append(rig.load.run(server, "small.http", cpu=rig.load_cpu, connections=64, rate=RATE))
    return [run["cpu_us"] for run in seen], *([run["latency_us"]["p99"] / 1000 for run in runs] for runs in (seen, idle))
