#!/usr/bin/python3
"""tests/api/run.py [--only stories|faults] [FILTER] - tells the stories against a real server.

FILTER picks stories whose "file.name" contains it. MAWID is the program to test (default build/mawid);
MAWID_TEST_DIR a directory for logs and the private Postgres and Redis (default: a temporary one).

Each story is a function of stories/*.py or faults/*.py that takes the world (lib/world.py) and is
named after the behaviour it shows. Stories are independent: own phone numbers, addresses, days of staff.
Faults (servers killed, clients misbehaving) come last, since they disturb everyone.
Prints "ok NAME" or "not ok NAME: why"; the last line is "N passed, N failed".
"""
import argparse
import importlib
import inspect
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from lib.check import Failure, Skipped  # noqa: E402  (the path above comes first)
from lib.database import SOURCE_ROOT  # noqa: E402
from lib.world import World  # noqa: E402


def stories_of(folder):
    for path in sorted((HERE / folder).glob("*.py")):
        if path.name == "__init__.py":
            continue
        module = importlib.import_module(f"{folder}.{path.stem}")
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{path.stem}.{name}", function


def where(error):
    """The line of the story (not of the library) that was reached last."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/stories/" in f.filename or "/faults/" in f.filename]
    return f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""


class Teller:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def tell(self, name, story, world):
        started = time.monotonic()
        try:
            story(world)
        except Skipped as reason:
            self.skipped += 1
            print(f"ok {name} # skipped: {reason}", flush=True)
            return
        except Failure as failure:
            self.fail(name, f"{failure}{where(failure)}")
            return
        except Exception as error:  # a story that breaks is a story that fails
            self.fail(name, f"{type(error).__name__}: {error}{where(error)}\n{traceback.format_exc()}")
            return
        self.passed += 1
        seconds = time.monotonic() - started
        print(f"ok {name}" + (f" # {seconds:.1f} s" if seconds > 3 else ""), flush=True)

    def fail(self, name, why):
        self.failed += 1
        print(f"not ok {name}: {why}", flush=True)


def raise_descriptor_limit():
    """Stories hold thousands of connections; their children inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def tell_all(stories, directory):
    teller = Teller()
    world = World(os.environ.get("MAWID") or str(Path(SOURCE_ROOT) / "build" / "mawid"), directory)
    try:
        world.prepare()
        for name, story in stories:
            teller.tell(name, story, world)
        if os.environ.get("STORIES_UNSEEN"):
            for method, path, status in world.contract.unseen():
                print(f"# no story got {status} from {method} {path}")
    except Failure as failure:
        teller.fail("the world begins", str(failure))
    finally:
        for name, failure in world.end():
            teller.fail(name, str(failure))
    return teller


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped
    raise_descriptor_limit()
    options = argparse.ArgumentParser()
    options.add_argument("--only", choices=("stories", "faults"))
    options.add_argument("filter", nargs="?", default="")
    options = options.parse_args()
    folders = [options.only] if options.only else ["stories", "faults"]
    stories = [(name, story) for folder in folders for name, story in stories_of(folder) if options.filter in name]
    given = os.environ.get("MAWID_TEST_DIR")
    directory = given or tempfile.mkdtemp(prefix="mawid-api.")
    teller = tell_all(stories, directory)
    if not given and not teller.failed:
        shutil.rmtree(directory, ignore_errors=True)
    elif not given:
        print(f"logs: {directory}")
    if not stories:
        teller.fail("filter", f"no story's name contains {options.filter!r}")
    print(f"{teller.passed + teller.skipped} passed, {teller.failed} failed")
    return 1 if teller.failed else 0


if __name__ == "__main__":
    sys.exit(main())
