"""Salon search and detail from memory: CPU per request over that of /healthz, the same process.

A page of twenty salons, and one salon; a hundred salons, nothing changes meanwhile but the clock. The server looks for
changes four times a second, as it does in earnest."""
from harness.result import compare

BAR = "<= 2"


def run(rig):
    ours = rig.mawid("catalogue-cached", workers=1, cpu=rig.server_cpu, database=True)

    def cpu_us(request):
        return rig.load.run(ours, request, cpu=rig.load_cpu, connections=64)["cpu_us"]

    rows = [compare(f"CPU per request, {what}", "us", (what, lambda request=request: cpu_us(request)),
                    ("healthz", lambda: cpu_us("small.http")), rig.pairs, ratio=lambda own, peer: own / peer, bar=BAR)
            for what, request in (("search", "salons.http"), ("detail", "salon.http"))]
    for row, path in zip(rows, ("/api/salons/", "/api/salons/7/")):
        row.notes.append(f"a body of {len(ours.get(path)[1])} bytes; healthz: {len(ours.get('/healthz')[1])}")
    misses = ours.metrics().get('mawid_catalogue_cache_total{kind="page",result="miss"}')
    rows[0].notes.append(f"pages made in all: {misses:.0f}")
    ours.end()
    return rows
