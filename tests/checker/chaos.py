"""What goes wrong during a run, at times that the seed decides: servers killed, sessions cut, Postgres
restarted in three ways, Redis killed. One thing after the other; each puts right what it broke."""
import os
import random
import signal
import time

from lib.check import PATIENCE, eventually

CALM_SECONDS = 1.5  # at the beginning and at the end
ROUND_SECONDS = 10
ONCE = ("server_killed", "sessions_cut", "postgres_restarted_fast", "postgres_stopped_at_once", "redis_killed")
AGAIN = ("sessions_cut", "server_killed", "sessions_cut")  # left out where the time is up
SLOW = ("postgres_killed", "server_and_postgres_killed")  # take seconds each: not in a short run


class Chaos:
    def __init__(self, scene, seconds, seed):
        self.scene, self.seconds = scene, seconds
        self.random = random.Random(f"{seed}/chaos")
        self.log = []  # (seconds since the start, what, how long it took)
        self.began = time.monotonic()

    def plan(self):
        """(when, what) of a run. Each round has everything, in another order."""
        rounds = max(1, round(self.seconds / ROUND_SECONDS))
        kinds = []
        for number in range(rounds):
            once = [*ONCE, *((SLOW[number % len(SLOW)],) if rounds > 1 else ())]
            kinds += self.random.sample(once, len(once)) + list(AGAIN)
        room = self.seconds - 2 * CALM_SECONDS
        return [(CALM_SECONDS + (place + self.random.random()) * room / len(kinds), kind) for place, kind in enumerate(kinds)]

    def run(self):
        self.began = time.monotonic()
        for when, kind in self.plan():
            now = time.monotonic() - self.began
            if now > self.seconds - CALM_SECONDS and kind not in self.missing():
                continue  # what came before took longer than planned
            time.sleep(max(0, when - now))
            begun = time.monotonic()
            getattr(self, kind)()
            self.scene.stage.superuser.close()  # another fault may have cut it
            self.log.append((begun - self.began, kind, time.monotonic() - begun))
            self.all_alive()

    def tell(self, aloud):
        """Sums; each one by itself goes into faults.log, and is printed when something was found."""
        print("# faults: " + ", ".join(f"{kind} {count} ({seconds:.1f} s)" for kind, count, seconds in self.sums()))
        lines = [f"at {when:.2f} s {kind}, {took:.2f} s" for when, kind, took in self.log]
        with open(os.path.join(self.scene.stage.directory, "faults.log"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        if aloud:
            print("\n".join("#   " + line for line in lines))

    def sums(self):
        """(what, how often, how many seconds in all)."""
        for kind in sorted({kind for _, kind, _ in self.log}):
            took = [seconds for _, what, seconds in self.log if what == kind]
            yield kind, len(took), sum(took)

    def missing(self):
        return sorted(set(ONCE) - {kind for _, kind, _ in self.log})

    def all_alive(self):
        for server in self.scene.servers:
            server.must_run()

    # ---- what goes wrong ----

    def server_killed(self):
        server = self.random.choice(self.scene.servers)
        server.must_run()
        server.kill()
        time.sleep(self.random.random() * 0.2)
        self.started(server)

    def started(self, server):
        """As a supervisor would: started again when Postgres was not there yet."""
        def ready():
            if not server.runs():
                server.start(wait=False)
            return server.admin("/readyz")[0] == 200
        eventually(ready, f"mawid serve is ready again on {server.place}", 3 * PATIENCE)

    def sessions_cut(self):
        self.scene.stage.superuser.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() "
            "AND random() < %s", self.scene.name, self.random.choice((0.2, 0.5, 1.0)))

    def postgres_restarted_fast(self):
        self.scene.stage.pair.act("restart-pg")

    def postgres_stopped_at_once(self):
        """SIGQUIT, "immediate": sessions are dropped, the log is replayed at the start."""
        self.signal_postgres(signal.SIGQUIT)
        self.scene.stage.pair.act("start-pg")

    def postgres_killed(self):
        self.scene.stage.pair.act("kill-pg")
        self.scene.stage.pair.act("start-pg")

    def server_and_postgres_killed(self):
        server = self.random.choice(self.scene.servers)
        server.must_run()
        server.kill()
        self.postgres_stopped_at_once()
        self.started(server)

    def redis_killed(self):
        self.scene.stage.pair.act("kill-redis")
        time.sleep(self.random.random() * 0.2)
        self.scene.stage.pair.act("start-redis")

    def signal_postgres(self, number):
        with open(os.path.join(self.scene.stage.pair.directory, "pg.pid"), encoding="ascii") as note:
            pid = int(note.read().split()[0])
        os.kill(pid, number)
        eventually(lambda: not _alive(pid), "Postgres ended", 30)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
