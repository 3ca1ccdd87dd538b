#!/usr/bin/python3
"""tests/run.py [WHAT [CASE]] - runs the test programs that meson knows of, and counts.

WHAT picks programs whose "build/suite/name" contains it; CASE is handed to them as their argument
(tests/test.h and the API tests run only cases whose name contains it).

A program prints "ok NAME" or "not ok NAME: why" for each case and ends with "N passed, N failed". What
is no such line, a crash, a time-out, an exit code that disagrees, or a sanitizer's report counts as one
more failure. Printed are one line per program, all output of those that failed, and the sum as the last
line. Every program's output is kept in .local/test-logs/.

Unit, sim, fuzz, model and tidy programs run side by side. API tests and the checker start servers and
measure time, so they run alone, one after the other, with
    MAWID           the program to test (the sanitizer build gets the same tests)
    MAWID_TEST_DIR  an empty directory of their own, removed afterwards; private servers found in it
                    (tools/private-servers) are stopped, whatever became of the test
"""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".local" / "test-logs"

# What runs from which tree. Text is the same in every build, so tidy and model run once; fuzz needs clang's.
TREES = {
    "build": ("tidy", "model", "unit", "sim", "api", "checker"),
    "build-asan": ("unit", "sim", "api", "checker"),
    "build-fuzz": ("fuzz",),
}
ALONE = ("api", "checker")
SLOWER = {"build-asan": 4, "build-fuzz": 1, "build": 1}  # factor on meson's time-outs
OUTPUT_LINES_MAX = 300  # of one failed program, on the terminal; the log has all
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed")


class Program:
    """One test program of one build tree."""

    def __init__(self, tree, entry):
        self.tree = tree
        self.suite = next((s.split(":")[-1] for s in entry["suite"] if ":" in s), "")
        self.name = f"{tree}/{self.suite}/{entry['name']}"
        self.command = entry["cmd"]
        self.env = entry["env"] if isinstance(entry["env"], dict) else {}
        self.workdir = entry["workdir"] or str(ROOT / tree)
        self.timeout = (entry["timeout"] or 30) * SLOWER[tree]
        self.log = LOGS / f"{tree}-{self.suite}-{entry['name']}.log"
        self.passed = self.failed = 0
        self.seconds = 0.0
        self.complaints = []

    def run(self, case):
        scratch = Path(tempfile.mkdtemp(prefix="mawid-test."))
        started = time.monotonic()
        try:
            self.judge(self.execute(scratch, case), scratch)
        finally:
            self.clean_up(scratch)
            self.seconds = time.monotonic() - started
        return self

    def execute(self, scratch, case):
        """Runs it in a process group of its own; returns the exit code, or None after a time-out."""
        with open(self.log, "wb") as log:
            process = subprocess.Popen(
                self.command + ([case] if case else []), env=self.environment(scratch), cwd=self.workdir,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                return process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                return None
            finally:
                self.end_group(process)

    @staticmethod
    def end_group(process):
        """What a test leaves running (a server it did not stop) ends with it."""
        for sig, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(process.pid, sig)
            except ProcessLookupError:
                break
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and group_alive(process.pid):
                process.poll()
                time.sleep(0.02)
        process.poll()

    def environment(self, scratch):
        """ASan writes into files: a report by any process of the test counts, however the test ended.
        (gcc's UBSan knows no log_path beside ASan: it ends the process, which a test notices.)"""
        env = {**os.environ, **self.env}
        env.update(MAWID=str(ROOT / self.tree / "mawid"), MAWID_TEST_DIR=str(scratch),
                   MAWID_SOURCE_ROOT=str(ROOT), TZ=env.get("TZ", "UTC"), PYTHONDONTWRITEBYTECODE="1")
        common = f"log_path={scratch}/sanitizer:print_stacktrace=1"
        for name, extra in (("ASAN_OPTIONS", "abort_on_error=0:detect_leaks=1:strict_string_checks=1"),
                            ("UBSAN_OPTIONS", "halt_on_error=1")):
            env[name] = ":".join(filter(None, (common, extra, env.get(name))))
        return env

    def judge(self, code, scratch):
        lines = self.output()
        counts = next(filter(None, (COUNTS.match(line) for line in reversed(lines) if line.strip())), None)
        if counts:
            self.passed, self.failed = int(counts[1]), int(counts[2])
        if code is None:
            self.complain(f"no end after {self.timeout} s")
        elif not counts:
            self.complain(f"no line 'N passed, N failed'; {exit_text(code)}")
        elif code != 0 and self.failed == 0:
            self.complain(f"nothing failed, but {exit_text(code)}")
        for report in sorted(scratch.glob("sanitizer.*")):
            self.complain("a sanitizer reported:\n" + report.read_text(errors="replace"))

    def complain(self, text):
        self.failed += 1
        self.complaints.append(text)
        with open(self.log, "a") as log:
            log.write(f"\nnot ok {self.name}: {text}\n")

    def output(self):
        return self.log.read_text(errors="replace").splitlines()

    @staticmethod
    def clean_up(scratch):
        for sockets in list(scratch.glob("**/sock")):
            subprocess.run([ROOT / "tools" / "private-servers", "remove", sockets.parent],
                           stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(scratch, ignore_errors=True)

    def report(self):
        verdict = "FAILED" if self.failed else "ok    "
        print(f"{verdict} {self.name:48} {self.passed:5} passed, {self.failed} failed  {self.seconds:7.1f} s")
        if self.failed:
            lines = self.output()
            if len(lines) > OUTPUT_LINES_MAX:
                lines = [f"... (all of it: {self.log})"] + lines[-OUTPUT_LINES_MAX:]
            print("\n".join("    " + line for line in lines))
        sys.stdout.flush()


def group_alive(group):
    """Zombies do not count: an orphan may wait for a slow init."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            field = stat.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(field[2]) == group and field[0] not in "ZX":
            return True
    return False


def exit_text(code):
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def known_programs():
    for tree, suites in TREES.items():
        if not (ROOT / tree / "build.ninja").exists():
            continue
        listed = subprocess.run(["meson", "introspect", "--tests", str(ROOT / tree)],
                                stdout=subprocess.PIPE, check=True).stdout
        for entry in json.loads(listed):
            program = Program(tree, entry)
            if program.suite in suites:
                yield program


def run_all(programs, case):
    side_by_side = [p for p in programs if p.suite not in ALONE]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for done in concurrent.futures.as_completed([pool.submit(p.run, case) for p in side_by_side]):
            done.result().report()
    for program in programs:
        if program.suite in ALONE:
            program.run(case).report()


def main():
    what, case = (sys.argv[1:] + ["", ""])[:2]
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    programs = [p for p in known_programs() if what in p.name]
    run_all(programs, case)
    passed, failed = sum(p.passed for p in programs), sum(p.failed for p in programs)
    if not programs:
        failed = 1
        print(f"not ok: no test program's build/suite/name contains '{what}'")
    elif failed:
        print("failed: " + ", ".join(p.name for p in programs if p.failed))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that finally clauses run
    sys.exit(main())
