"""A small JSON answer, keep-alive, 64 connections, one worker: CPU per request of nginx over ours.

Server alone on one core, load on another. Both saturated, so CPU time over answers is what a request costs. The second
row has both write their access log, one line per request. The third is the first with wrk as the load: a figure by a
tool that others know, and a check on ours."""
from harness.result import compare

BAR = ">= 1.15"


def run(rig):
    return [measure(rig, "small.http", 200, log=False, bar=BAR),
            measure(rig, "logged.http", 410, log=True, bar=None),
            measure(rig, "small.http", 200, log=False, bar=None, by_wrk=True)]


def measure(rig, request, status, log, bar, depth=1, by_wrk=False):
    kind = "logged" if log else "wrk" if by_wrk else f"depth{depth}"
    ours = rig.mawid(f"small-{kind}", workers=1, cpu=rig.server_cpu, log=log)
    like = ours.get("/healthz") if not log else ours.post("/api/auth/token/", "{}")
    nginx = rig.nginx(f"small-{kind}", like, cpu=rig.server_cpu, log=log)

    def cpu_us(server):
        if by_wrk:
            return rig.load.wrk(server, "/healthz", cpu=rig.load_cpu, connections=64, seconds=rig.short_seconds)
        return rig.load.run(server, request, cpu=rig.load_cpu, expect=status, connections=64, depth=depth,
                            duration=rig.short_seconds)["cpu_us"]

    title = "CPU per request" + (", access logs on" if log else ", load by wrk" if by_wrk else "")
    row = compare(title, "us",
                  ("nginx", lambda: cpu_us(nginx)), ("ours", lambda: cpu_us(ours)), rig.short_pairs,
                  ratio=lambda peer, own: peer / own, bar=bar)
    row.notes.append(f"answers: head {len(like[0])} bytes (nginx: {nginx.head_bytes}), body {len(like[1])}")
    ours.end()
    nginx.end()
    return row
