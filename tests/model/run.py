#!/usr/bin/python3
"""tests/model/run.py [CASE] - searches all that docs/model/claims.pml can do, as it is and without protection.

Each case compiles the model with other defines. What is kept must be kept in every state ("errors: 0", and
the search complete). Where protection was taken out, the property that the case names must be violated: a
model that cannot find the bug proves nothing. CASE picks those whose name contains it.

tests/model/run.py --trail CASE prints instead, step by step, the shortest way to the violation. Columns are
processes: server 1, server 2, the sweeper (3), the world.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "docs" / "model" / "claims.pml"
SECONDS_MAX = 500  # of one search

KEPT = None
WAITS = "nobody waits in a circle"
OVERLAP = "no two claims on a time"
CYCLES = "non-progress cycle"  # pan's own words; every cycle is one here, since no label says progress

# name, what spin gets, what is violated. The larger ones first, for two run at a time.
CASES = [
    ("kept in longer histories", "ROUNDS_A=2 CRASHES=0 ONLY_SHORT", KEPT),
    ("kept through two crashes", "CRASHES=2", KEPT),
    ("rooms: kept", "ROOMS CRASHES=0", KEPT),
    ("visits: kept through a crash", "VISITS", KEPT),
    ("kept by the lock alone", "NO_CONSTRAINT", KEPT),
    ("rooms: kept by the constraint alone, with deadlocks ended by Postgres", "ROOMS NO_ROOM_LOCK DETECTOR CRASHES=0", KEPT),
    ("kept by the constraint alone, with deadlocks ended by Postgres", "NO_LOCK DETECTOR", KEPT),
    ("every run comes to rest", "CRASHES=0", CYCLES + " absent"),
    ("kept by the constraint when clashes are looked for too early", "CHECK_BEFORE_LOCK CRASHES=0", KEPT),
    ("kept by the constraint when locks go too early", "UNLOCK_EARLY CRASHES=0", KEPT),
    ("kept without a lock order, with deadlocks ended by Postgres", "NO_LOCK_ORDER DETECTOR CRASHES=0", KEPT),
    ("neither lock nor constraint: double booking", "NO_LOCK NO_CONSTRAINT", OVERLAP),
    ("check before the lock only: double booking", "CHECK_BEFORE_LOCK NO_CONSTRAINT", OVERLAP),
    ("lock given back before the commit: double booking", "UNLOCK_EARLY NO_CONSTRAINT", OVERLAP),
    ("rooms: neither lock nor constraint: double booking", "ROOMS NO_ROOM_LOCK NO_CONSTRAINT CRASHES=0", OVERLAP),
    ("no last look at what is to expire: the constraint must refuse", "NO_LAST_LOOK CRASHES=0", "behind the lock the constraint never has to refuse"),
    ("no last look at what is to expire, no constraint: double booking", "NO_LAST_LOOK NO_CONSTRAINT CRASHES=0", OVERLAP),
    ("visit in two transactions: half of it", "VISITS SPLIT_VISIT CRASHES=0", "all of a visit or nothing"),
    ("visits without a lock order: deadlock", "VISITS NO_LOCK_ORDER", WAITS),
    ("constraint alone: inserts that clash wait", "NO_LOCK FIND_WAIT", "nobody waits at the constraint"),
    ("constraint alone: inserts that cross deadlock", "NO_LOCK", WAITS),
    ("no lock order: deadlock", "NO_LOCK_ORDER", WAITS),
    ("no compare-and-swap: double move", "NO_CAS", "one move from each version"),
    ("no compare-and-swap: confirmed and expired", "NO_CAS ONLY_CONFIRM", "of a confirm and an expiry one wins"),
    ("no expiry in a creation: refused for a dead hold", "NO_LAZY_EXPIRY", "a hold past its time blocks nobody"),
    ("no sweeper: a hold without end", "NO_SWEEPER", "every hold ends"),
    ("reschedule in two transactions: a booking without a time", "SPLIT_RESCHEDULE", "one time, never both or none"),
    ("answer before the commit: a phantom", "ANSWER_EARLY", "nobody is told a phantom"),
    ("commit not awaited: a booking lost", "ASYNC_COMMIT", "what a client was told of is there"),
    ("an endless run is noticed: a disk that is never done", "ASYNC_COMMIT CRASHES=0", CYCLES),
]


class Broken(Exception):
    """The search itself went wrong."""


def run(command, folder, seconds=SECONDS_MAX):
    try:
        return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=seconds, check=False)
    except FileNotFoundError:
        raise Broken(f"no program '{command[0]}': ./dev installs what tools/packages.txt lists") from None
    except subprocess.TimeoutExpired:
        raise Broken(f"{command[0]}: no end after {seconds} s") from None


def defines(options):
    return [f"-D{option}" for option in options.split()]


def build(folder, options, flags):
    """Unoptimised where the search is short: then compiling takes longer."""
    shutil.copy(MODEL, folder)
    made = run(["spin", "-a", *defines(options), MODEL.name], folder)
    if made.returncode != 0 or "rror" in made.stdout:
        raise Broken("spin -a: " + made.stdout)
    # No partial order reduction: it is not sound beside `provided`, and gains nothing here.
    made = run(["gcc", "-w", "-DNOREDUCE", "-DCOLLAPSE", "-DMEMLIM=1000", *flags, "-o", "pan", "pan.c"], folder)
    if made.returncode != 0:
        raise Broken("gcc: " + made.stdout)


def search(folder, options, expected, breadth_first=False):
    """Returns pan's output: of a complete search without an error, or of one that ended at an error."""
    cycles = expected is not None and expected.startswith(CYCLES)
    flags = ["-DNP"] if cycles else ["-DSAFETY"]
    if breadth_first and not cycles:
        flags.append("-DBFS")
    build(folder, options, flags + ["-O1" if expected is KEPT else "-O0"])
    pan = ["./pan", "-m10000", "-w22" if expected is KEPT else "-w18"] + (["-l"] if cycles else [])
    out = run(pan, folder).stdout
    if "errors: 0" in out and re.search(r"not completed|too small|out of memory|aborting|truncated", out):
        raise Broken("the search is not complete:\n" + out)
    return out


def replay(folder, options):
    """The steps up to the violation, and the line of the assert that it is of."""
    trail = run(["spin", "-t", *defines(options), MODEL.name], folder).stdout
    line = re.search(r"^spin: claims\.pml:(\d+), Error: assertion violated", trail, re.M)
    steps = trail[:line.start()] if line else re.split(r"^\s*spin: trail ends", trail, flags=re.M)[0]
    steps = "\n".join(step for step in steps.rstrip().split("\n") if not step.startswith("spin:"))
    return steps, int(line[1]) if line else None


def violated(folder, options, out):
    """The name of the property: the comment behind the assert that the trail ends at."""
    if CYCLES in out:
        return CYCLES
    line = replay(folder, options)[1]
    if not line:
        return "invalid end state" if "invalid end state" in out else "nothing that the trail tells"
    source = MODEL.read_text().split("\n")[line - 1]
    return source.split("/*")[1].split("*/")[0].strip()


def judge(options, expected):
    """Returns (what is wrong or None, states)."""
    with tempfile.TemporaryDirectory(prefix="mawid-model.") as folder:
        try:
            out = search(folder, options, expected)
            errors = re.search(r"errors: (\d+)", out)
            states = re.search(r"(\d+) states, stored", out)
            if not errors or not states:
                raise Broken("pan ended early:\n" + out)
            found = violated(folder, options, out) if int(errors[1]) else None
        except Broken as broken:
            return str(broken), 0
    wanted = None if expected in (KEPT, CYCLES + " absent") else expected
    if found == wanted:
        return None, int(states[1])
    return f"expected {wanted or 'no violation'}, found {found or 'none'}", int(states[1])


def check(case):
    name, options, expected = case
    started = time.monotonic()
    wrong, states = judge(options, expected)
    return name, wrong, states, time.monotonic() - started


def print_trail(case):
    name, options, expected = case
    with tempfile.TemporaryDirectory(prefix="mawid-model.") as folder:
        out = search(folder, options, expected, breadth_first=True)
        print(f"{name}: spin {' '.join(defines(options))}")
        if "errors: 0" in out:
            print("no violation\n")
        else:
            print(f"{replay(folder, options)[0]}\nviolated: {violated(folder, options, out)}\n", flush=True)


def main():
    arguments = sys.argv[1:]
    trails = arguments[:1] == ["--trail"]
    wanted = (arguments[trails:] + [""])[0]
    cases = [case for case in CASES if wanted in case[0]]
    if trails:
        for case in cases:
            print_trail(case)
        return 0
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for name, wrong, states, seconds in pool.map(check, cases):
            failed += wrong is not None
            print(f"not ok {name}: {wrong}" if wrong else f"ok {name} ({states:,} states, {seconds:.1f} s)", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
