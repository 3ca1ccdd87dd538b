#!/usr/bin/python3
"""tests/checker/run.py [PART] [--seconds 10] [--seed N] - no collision, ever?

Eight client processes book, hold, confirm, reschedule and cancel the same few times of a few members of
staff, at two servers that share one database, break their own connections and retry with the same
Idempotency-Key; meanwhile servers are killed, sessions cut, Postgres restarted and Redis killed. Then the
servers stop, and the judge (judge.py) compares what the clients were told with what the database holds:
0 overlaps (now, and at every moment of the run), 0 lost, 0 phantom, one effect per key, nobody told
"taken" of a free time. What was done, and how often, is printed (deeds.py): what never was, fails.

Before the run the judge proves on doctored evidence that it can find each of these (selftest.py); after
it, in a database without constraint and locks, that real overlaps come about and are found (naive.py);
a long run also shows that commits which are not durable are missed when Postgres is stopped ("careless").

MAWID is the program to test (default build/mawid), MAWID_TEST_DIR a directory for the logs and the private
servers (default: a temporary one, kept when something fails). The seed decides what clients and chaos do,
not how the machine interleaves it.

PART picks those whose name contains it: selftest, run, naive; careless only by name or in a long run;
mutants only by name (mutants.py): rules of the engine are broken one by one, and it must be noticed.
work, and lazy, its mutants, only by name: the work queue, tortured in the same way (work.py); WORK_SERVER is
the program that it tortures (default build/tests/checker/work-server).
Prints "ok NAME" or "not ok NAME: why" per check, figures, and "N passed, N failed".
"""
import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]
sys.dont_write_bytecode = True

import calm  # noqa: E402  (the path above comes first)
import deeds  # noqa: E402
import judge  # noqa: E402
import mutants  # noqa: E402
import naive  # noqa: E402
import selftest  # noqa: E402
import work  # noqa: E402
from chaos import CALM_SECONDS, Chaos  # noqa: E402
from client import Board  # noqa: E402
from lib.check import Failure, eventually  # noqa: E402
from lib.database import SOURCE_ROOT  # noqa: E402
from lib.salons import at  # noqa: E402
from stage import DUTIES, Scene, Stage, start_client  # noqa: E402

PARTS = ("selftest", "run", "naive", "careless", "mutants", "work", "lazy")
CLIENTS, LANES = 8, 4
BREAK_RATE = 0.04
CHAOS_PATIENCE = 120  # seconds that faults may take longer than planned, on a slow machine
LONG_SECONDS = 30
NAIVE_SECONDS, NAIVE_TRIES = 1.5, 5
MUTANT_SECONDS, MUTANT_TRIES = 3, 4
CARELESS_TRIES = 4
OVERLAPS = (judge.no_two_active_bookings_overlap, judge.at_no_moment_of_the_run_did_two_overlap)
LINES_MAX = 5  # shown of one check's findings


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def tell(self, name, why=None):
        self.passed, self.failed = self.passed + (not why), self.failed + bool(why)
        print(f"not ok {name}: {why}" if why else f"ok {name}", flush=True)

    def skip(self, name, why):
        self.passed += 1
        print(f"ok {name} # skipped: {why}", flush=True)

    def tell_findings(self, found):
        for check, lines in found.items():
            shown = "\n    ".join(lines[:LINES_MAX] + ([f"and {len(lines) - LINES_MAX} more"] if len(lines) > LINES_MAX else []))
            self.tell(check, f"{len(lines)} times\n    {shown}" if lines else None)


# --- the self-test ----------------------------------------------------------------------------------

def test_the_judge(report):
    for name, why in selftest.complaints():
        report.tell(f"selftest.{name}", why)


# --- the run ----------------------------------------------------------------------------------------

def play(scene, seconds, chaos=None, **orders):
    """The clients do their work for so long, while chaos does its own; longer where that takes longer."""
    board, until = Board(scene.board), time.monotonic() + seconds
    board.call_time(False)
    orders = {"lanes": LANES, "until": until + (CHAOS_PATIENCE if chaos else 0), **orders}
    clients = [start_client(scene.orders(number, **orders)) for number in range(CLIENTS)]
    try:
        if chaos is not None:
            chaos.run()
            time.sleep(max(CALM_SECONDS, until - time.monotonic()))
            board.call_time(True)
        for client in clients:
            code = client.wait(max(1, until - time.monotonic()) + 45)
            if code != 0:
                raise Failure(f"a client process broke: it ended with {code}")
    except subprocess.TimeoutExpired:
        raise Failure("a client process does not end") from None
    finally:
        for client in clients:
            if client.poll() is None:
                client.kill()
            client.wait()


def run(report, stage, binary, seconds, seed):
    scene = Scene(stage, binary)
    chaos = Chaos(scene, seconds, seed)
    try:
        begun = scene.begin_bookings()
        scene.start_servers()
        play(scene, seconds, chaos, seed=seed, break_rate=BREAK_RATE, begun=begun, **DUTIES)
        report.tell("servers_and_clients_lived_through_it")
        report.tell("after_it_everything_works", calm.everything_works(scene))
        settle(scene)
    except (Failure, OSError) as failure:
        report.tell("servers_and_clients_lived_through_it", f"{failure}")
        scene.kill()
        return
    report.tell("both_servers_end_well", ends_well(scene))  # nothing is under way any more
    evidence = scene.evidence()
    scene.db.close()
    report.tell_findings(judge.findings(evidence))
    figures(evidence)
    chaos.tell(aloud=report.failed > 0)
    enough(report, evidence, chaos)


def settle(scene):
    """Holds that are over are swept by the servers themselves; what stays is the judge's business."""
    try:
        eventually(lambda: scene.db.one("SELECT count(*) FROM bookings_booking WHERE status = 'held'") == 0, "holds end", 15)
    except Failure:
        pass


def ends_well(scene):
    try:
        scene.end()
    except Failure as failure:
        return str(failure)
    return None


def enough(report, evidence, chaos):
    """A run in which nothing happened proves nothing: everything was done, every fault took place."""
    done = deeds.of(evidence)
    print("# done: " + ", ".join(f"{what} {done[what]}" for what in deeds.ALL))
    never = [what for what in deeds.ALL if not done[what]]
    report.tell("enough.deeds", f"never done, so not tested: {', '.join(never)}" if never else None)
    taken = done["refused as taken"]
    report.tell("enough.collisions", None if taken >= 20 else f"only {taken} answers 'taken'")
    missing = chaos.missing()
    report.tell("enough.faults", f"never happened: {missing}" if missing else None)


# --- figures ----------------------------------------------------------------------------------------

def figures(evidence):
    kinds = collections.defaultdict(collections.Counter)
    for request in evidence.requests:
        kinds[request.kind][outcome(request)] += 1
        kinds["all"][outcome(request)] += 1
    columns = ("2xx", "409", "4xx", "503", "unknown", "unsent")
    print(f"# {'requests':12}" + "".join(f"{column:>9}" for column in ("all", *columns)))
    for kind, counts in sorted(kinds.items(), key=lambda item: item[0] != "all"):
        print(f"# {kind:12}{sum(counts.values()):9}" + "".join(f"{counts[column]:9}" for column in columns))
    unclear = [r for r in evidence.requests if r.outcome == "unknown" or r.status == 503]
    moves = {move.request for move in evidence.history}
    print(f"# unclear answers: {len(unclear)}, of which {sum(r.id in moves for r in unclear)} had been done; "
          f"broken by the client: {sum(bool(r.fault) for r in evidence.requests)}")
    refusals = collections.Counter(r.code for r in evidence.requests if r.outcome == "answered" and 400 <= r.status < 500)
    print("# refusals: " + ", ".join(f"{code} {count}" for code, count in refusals.most_common()))
    states = collections.Counter(row.status for row in evidence.rows)
    print(f"# bookings: {len(evidence.rows)} (" + ", ".join(f"{state} {count}" for state, count in states.most_common())
          + f"), moves: {len(evidence.history)}, states seen by the witness: {len(evidence.witness)}")
    shared = [group for (how, _), group in evidence.groups.items() if how == "key" and len(group) > 1]
    print(f"# keys used by several requests: {len(shared)}, requests with them: {sum(map(len, shared))}")


def outcome(request):
    if request.outcome != "answered":
        return request.outcome
    if request.status in (409, 503):
        return str(request.status)
    return f"{request.status // 100}xx"


# --- the negative control ---------------------------------------------------------------------------

def narrow(scene, day):
    """Everybody wants the same few times of one member of staff, on a day that nobody has wanted yet."""
    salon = scene.salons[0]
    scene.salons[:] = [{**salon, "wanted": salon["staff"][:1], "starts": [at(day, hour) for hour in range(6, 22)]}]


def run_naive(report, stage, binary, seed):
    """Without constraint and locks overlaps must come about, or this run could not have found any."""
    stage.make_database("naive")
    scene = Scene(stage, binary, "naive")
    try:
        misfits = list(mutants.misfits(scene.db))
        report.tell("the_mutants_fit_the_functions", "\n    ".join(f"{name}: {why}" for name, why in misfits))
        taken_out = naive.take_out_the_guarantee(scene.db)
        scene.start_servers()
        for attempt in range(NAIVE_TRIES):
            narrow(scene, 2 + attempt)
            play(scene, NAIVE_SECONDS, seed=f"{seed}/{attempt}", own_max=1000, steps={"create": 5, "cancel": 1})
            evidence = scene.evidence()
            found = {check.__name__: len(list(check(evidence))) for check in OVERLAPS}
            if all(found.values()):
                break
    finally:
        scene.kill()
    made = sum(request.success for request in evidence.requests)
    print(f"# without {taken_out}: {made} successes of {len(evidence.requests)} requests, found {found}")
    for check, count in found.items():
        report.tell(f"naive.{check}_is_violated", None if count else "found no overlap")


def run_mutants(report, stage, binary, seed, only):
    """Broken rules, one at a time: the checks that are there for each must fail."""
    for number, mutant in enumerate(mutants.MUTANTS):
        if only in mutant.name:
            name = f"mutant{number}"
            stage.make_database(name)
            report.tell(f"mutant.{mutant.name}", survived(mutant, Scene(stage, binary, name), seed))


def survived(mutant, scene, seed):
    """What did not fail, or None."""
    try:
        scene.mutate(mutant)
    except Failure as failure:
        return str(failure)
    try:
        scene.start_servers()
        for attempt in range(MUTANT_TRIES):
            play(scene, MUTANT_SECONDS, seed=f"{seed}/{attempt}", own_max=4, **{**DUTIES, "steps": mutant.steps})
            evidence = scene.evidence()
            scene.db.close()
            found = {check: len(lines) for check, lines in judge.findings(evidence).items() if lines}
            if all(check in found for check in mutant.found_by):
                break
    finally:
        scene.kill()
    print(f"# {mutant.name}: {len(evidence.history)} moves, found {found}", flush=True)
    blind = [check for check in mutant.found_by if check not in found]
    return f"not noticed by {', '.join(blind)}" if blind else None


class PowerCut:
    """Chaos that does one thing: in the middle of the work, Postgres is gone at once."""

    def __init__(self, scene):
        self.chaos = Chaos(scene, 0, 0)

    def run(self):
        time.sleep(1.5)
        self.chaos.postgres_stopped_at_once()


def run_careless(report, stage, binary, seed):
    """Answered before it is on disk: with such a Postgres, successes must get lost, and be missed."""
    stage.make_database("careless")
    stage.superuser.rows("ALTER DATABASE careless SET synchronous_commit = off")
    scene = Scene(stage, binary, "careless")
    lost = 0
    try:
        scene.start_servers()
        for attempt in range(CARELESS_TRIES):
            play(scene, 2, PowerCut(scene), seed=f"{seed}/{attempt}", steps={"create": 1, "cancel": 1})
            stage.superuser.close()
            scene.db.close()
            evidence = scene.evidence()
            lost = len(list(judge.nothing_that_was_answered_with_success_is_lost(evidence)))
            if lost:
                break
    finally:
        scene.kill()
    print(f"# without a durable commit: {sum(r.success for r in evidence.requests)} successes, {lost} found lost")
    report.tell("careless.nothing_that_was_answered_with_success_is_lost_is_violated", None if lost else "found nothing lost")


# --- all --------------------------------------------------------------------------------------------

def wanted(options):
    if options.part:
        return {part for part in PARTS if options.part in part}
    return {"selftest", "run", "naive", *(["careless"] if options.seconds >= LONG_SECONDS else [])}


def run_all(options, directory, report):
    binary = os.environ.get("MAWID") or str(Path(SOURCE_ROOT) / "build" / "mawid")
    parts = wanted(options)
    if "selftest" in parts:
        test_the_judge(report)
    if parts <= {"selftest"}:
        return
    stage = Stage(directory)
    try:
        if "run" in parts:
            run(report, stage, binary, options.seconds, options.seed)
        if "naive" in parts:
            run_naive(report, stage, binary, options.seed)
        if "careless" in parts:
            run_careless(report, stage, binary, options.seed)
        if "mutants" in parts:
            run_mutants(report, stage, binary, options.seed, options.mutant)
        if "work" in parts:
            work.run(report, stage, binary, options.seconds, options.seed)
        if "lazy" in parts:
            work.run_mutants(report, stage, binary, options.seed, options.mutant)
    except Exception as error:  # whatever breaks the checker is a failure, and the private servers end
        report.tell("the checker comes to its end", f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
    finally:
        stage.end()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options.add_argument("part", nargs="?", help="those whose name contains it")
    options.add_argument("--mutant", default="", help="of the mutants those whose name contains it")
    options = options.parse_args()
    given = os.environ.get("MAWID_TEST_DIR")
    directory = given or tempfile.mkdtemp(prefix="mawid-checker.")
    report = Report()
    print(f"# seed {options.seed}, {options.seconds:g} s, {CLIENTS} processes of {LANES} lanes", flush=True)
    run_all(options, directory, report)
    if not given and not report.failed:
        shutil.rmtree(directory, ignore_errors=True)
    elif not given:
        print(f"logs: {directory}")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
