"""The rig: starts the servers, their peers and the load, all on loopback and below .local/bench/, and ends them."""
import fcntl
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from .database import Database
from .load import Load
from .result import Broken
from .servers import Mawid, Nginx, Partner

ROOT = Path(__file__).resolve().parents[2]


class Rig:
    """`seconds` is how long one side of one pair is measured. CPUs: the measured server alone on `server_cpu`, the load
    on `load_cpu`; scenarios that compare throughput pin nothing, on either side."""

    def __init__(self, quick=False, pairs=None, binary=None):
        self.quick = quick
        self.pairs = pairs or (2 if quick else 5)
        self.seconds = 1 if quick else 3
        # What settles within a second is measured briefly and often: the median of many pairs bears more noise.
        self.short_pairs = max(3, 2 * self.pairs + 1)
        self.short_seconds = 0.7 if quick else 1
        self.binary = Path(binary).resolve() if binary else ROOT / "build" / "mawid"
        self.place = ROOT / ".local" / "bench"
        self.processes = []
        self.load_average = os.getloadavg()
        cpus = sorted(os.sched_getaffinity(0))
        self.server_cpu, self.load_cpu = cpus[0], cpus[-1]
        self.ports = set()
        self.turn = None  # the lock's file, held open
        self._database = None
        self.load = Load(self)

    def __enter__(self):
        if not self.binary.exists():
            raise SystemExit(f"{self.binary}: not built; ./dev build")
        if self.server_cpu == self.load_cpu:
            print("one CPU only: server and load share it, expect noise", flush=True)
        self.take_turn()
        shutil.rmtree(self.place / "run", ignore_errors=True)
        self.work.mkdir(parents=True)
        self.load.build()
        return self

    def __exit__(self, *_):
        self.end_all()
        if self._database:
            self._database.close()

    def take_turn(self):
        """One measurement at a time: two would share the directory, and each other's processors."""
        self.place.mkdir(parents=True, exist_ok=True)
        self.turn = open(self.place / "lock", "w")
        try:
            fcntl.flock(self.turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another bench/run measures here; waiting for it", flush=True)
            fcntl.flock(self.turn, fcntl.LOCK_EX)

    @property
    def work(self):
        """Configurations, logs and generated files of this run."""
        return self.place / "run"

    @property
    def database(self):
        """The private Postgres and Redis with the benchmark's data, made when first asked for."""
        if self._database is None:
            self._database = Database(self)
            self._database.open()
        return self._database

    def free_port(self):
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port not in self.ports:
                self.ports.add(port)
                return port

    # ---- processes ----

    def start(self, command, log, cpu=None, env=None, stdin=subprocess.DEVNULL, stdout=None):
        """A child that is ended with the rig. Its output goes to the file `log` of the run."""
        if cpu is not None:
            command = ["taskset", "-c", str(cpu), *command]
        self.must_have(command[0])
        with open(self.work / log, "ab") as out:
            process = subprocess.Popen([str(word) for word in command], stdin=stdin, stdout=stdout or out, stderr=out,
                                       env=env, cwd=self.work, start_new_session=True)
        self.processes.append(process)
        return process

    @staticmethod
    def must_have(program):
        if not shutil.which(program):
            raise Broken(f"{program} is not installed; ./dev bench does that")

    def end(self, process, patience=15):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.processes:
            self.processes.remove(process)

    def end_all(self):
        """What a scenario left running, because it broke."""
        for process in list(reversed(self.processes)):
            self.end(process)

    def wait_for(self, port, process, what, log):
        """Until somebody accepts on the port."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        tail = (self.work / log).read_text(errors="replace")[-1500:]
        raise Broken(f"{what} does not come up:\n{tail}")

    # ---- what scenarios ask for ----

    def mawid(self, name, **options):
        return Mawid(self, name, **options)

    def nginx(self, name, like, **options):
        return Nginx(self, name, like, **options)

    def partner(self, **options):
        return Partner(self, **options)
