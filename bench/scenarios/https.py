"""Requests per CPU second over HTTPS (kept-alive TLS 1.3) over the same in plain."""
from harness.result import compare

BAR = ">= 0.75"


def run(rig):
    ours = rig.mawid("https", workers=1, cpu=rig.server_cpu, tls=True)

    def per_cpu_second(tls):
        return 1e6 / rig.load.run(ours, "small.http", cpu=rig.load_cpu, connections=64, tls=tls,
                                  duration=rig.short_seconds)["cpu_us"]

    row = compare("requests per CPU second", "1/s", ("https", lambda: per_cpu_second(True)),
                  ("plain", lambda: per_cpu_second(False)), rig.short_pairs,
                  ratio=lambda tls, plain: tls / plain, bar=BAR)
    ours.end()
    return [row]
