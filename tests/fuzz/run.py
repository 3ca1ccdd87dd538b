#!/usr/bin/python3
"""tests/fuzz/run.py PROGRAM CORPUS [WORD] - one fuzz target as a test; nothing runs if its name lacks WORD.

First every committed input of CORPUS (seeds, and whatever once made the target fail), then a short search
beyond them with a fixed seed: the same commit gives the same verdict. A longer search is
`FUZZ_SECONDS=600 FUZZ_SEED=0 tests/fuzz/run.py ...` (seed 0: another one each time).

An input that makes the target fail is kept in .local/fuzz/NAME/; once the fault is found, it goes into CORPUS.
Prints "ok NAME" or "not ok NAME: ..." and ends with "N passed, N failed".
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))
SEED = os.environ.get("FUZZ_SEED", "1")
INPUT_BYTES_MAX = 4096
HANG_S = 10  # one input that takes longer is a failure


def fuzz(program, corpus, found):
    """Runs the target; None, or what went wrong in one line."""
    with tempfile.TemporaryDirectory() as scratch:
        # The first directory takes new inputs, so it must not be the committed one.
        command = [program, scratch, corpus, f"-seed={SEED}", f"-max_total_time={SECONDS}",
                   f"-max_len={INPUT_BYTES_MAX}", f"-timeout={HANG_S}", "-rss_limit_mb=1024",
                   f"-artifact_prefix={found}/", "-print_final_stats=1", "-close_fd_mask=1"]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                  errors="replace", timeout=SECONDS + 240, check=False)
        except subprocess.TimeoutExpired:
            return "it never ended"
    if done.returncode == 0:
        for line in done.stderr.splitlines():
            if "number_of_executed_units" in line:
                print(f"# {line.split()[-1]} inputs")
        return None
    sys.stderr.write(done.stderr[-20000:])
    said = [line for line in done.stderr.splitlines()
            if "ERROR:" in line or "Assertion" in line or "runtime error" in line or "Test unit written" in line]
    return "; ".join(said)[:500] or f"exit status {done.returncode}"


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    program, corpus = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    name = program.name
    if len(sys.argv) == 4 and sys.argv[3] not in name:
        print("0 passed, 0 failed")
        return 0
    found = ROOT / ".local" / "fuzz" / name
    found.mkdir(parents=True, exist_ok=True)
    if not corpus.is_dir() or not any(corpus.iterdir()):
        why = f"no seeds in {corpus}"
    else:
        why = fuzz(program, corpus, found)
    print(f"not ok {name}: {why}" if why else f"ok {name}")
    print("0 passed, 1 failed" if why else "1 passed, 0 failed")
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main())
