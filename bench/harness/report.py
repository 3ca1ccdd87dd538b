"""Rows for people, and the same as JSON under .local/bench/."""
import json
import os
import statistics
import time


def figure(values):
    if not values:
        return ""
    v = statistics.median(values)
    return f"{v:,.0f}" if v >= 1000 else f"{v:.3g}"


def cells(row):
    sides = f"{row.a_name} {figure(row.a)}" + (f" | {row.b_name} {figure(row.b)}" if row.b else "")
    spread = f"{row.ratio:.3g} ({min(row.ratios):.3g}-{max(row.ratios):.3g})"
    verdict = {True: "met", False: "NOT MET", None: ""}[row.met]
    return [row.scenario, row.title, f"{sides} {row.unit}", spread, row.bar or "-", verdict]


def progress(rows, seconds):
    for row in rows:
        name, title, sides, spread, bar, verdict = cells(row)
        print(f"[{seconds:3.0f} s] {name}: {title}: {sides}; {spread}, bar {bar} {verdict}", flush=True)


def table(rows, broken):
    lines = [["scenario", "what", "measured (medians)", "ratio (min-max)", "bar", ""]] + [cells(row) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    print()
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    for row in rows:
        for note in row.notes:
            print(f"  {row.scenario}: {note}")
    for name, why in broken:
        print(f"  {name}: could not be measured: {why}")


def save(rig, rows, broken):
    uname = os.uname()
    document = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "kernel": uname.release,
                "machine": uname.machine, "cpus": os.cpu_count(), "pairs": rig.pairs, "quick": rig.quick,
                "seconds_per_measurement": rig.seconds, "load_average_before": rig.load_average,
                "rows": [row.as_dict() for row in rows], "broken": dict(broken)}
    path = rig.place / f"result-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path
