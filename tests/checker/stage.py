"""The stage: a private Postgres and Redis, databases in it, and two servers on each that is played on."""
import json
import os
import re
import subprocess
import sys
import time
import uuid

from client import BOARD, BOARD_ENTRIES, Board, Lane, Out
from evidence import WITNESS, Service
from lib.check import Failure, eventually
from lib.contract import Contract
from lib.database import SOURCE_ROOT, Database, PrivateServers
from lib.process import SECRET_KEY, Server, run_command
from lib.salons import Salon, at
from lib.world import jwt

CUSTOMERS = 48
HOLD_SECONDS = 2
MINUTE = 60_000_000

# How often a lane does what; those that the server does not know are left out.
STEPS = {"create": 24, "hold": 12, "visit": 7, "twins": 7, "mismatch": 2, "cancel": 16, "confirm": 12, "reschedule": 10,
         "end": 3, "duel": 6, "look": 3, "list": 4}


class Stage:
    """The private pair. Commit times are kept, so that the judge knows in which order things happened."""

    def __init__(self, directory):
        self.directory = directory
        self.pair = PrivateServers(os.path.join(directory, "servers"))
        self.pair.start()
        self.superuser = Database(self.pair.database_url, "postgres")
        self.superuser.rows("ALTER SYSTEM SET track_commit_timestamp = on")
        self.pair.act("restart-pg")

    def url(self, database):
        return self.pair.database_url.replace("/mawid?", f"/{database}?")

    def make_database(self, name):
        self.superuser.rows(f"CREATE DATABASE {name} OWNER mawid TEMPLATE template0")

    def end(self):
        self.superuser.close()
        self.pair.remove(keep_log_in=self.directory)


class Scene:
    """One database with its salons and people, and two servers that share it."""

    def __init__(self, stage, binary, name="mawid"):
        self.stage, self.binary, self.name = stage, binary, name
        self.db = Database(stage.url(name))
        self.contract = Contract(os.path.join(SOURCE_ROOT, "docs", "openapi.yaml"))
        self.settings = {
            "DATABASE_URL": stage.url(name), "REDIS_URL": stage.pair.redis_url, "SECRET_KEY": SECRET_KEY,
            "ENVIRONMENT": "development", "LOG_FORMAT": "json", "WORKERS": 2, "PG_CONNECTIONS": 4, "OTP_PROVIDER": "console",
            "BOOKING_OPEN_MAX": 0, "REQUEST_TIMEOUT_MS": 5000, "PG_LOCK_TIMEOUT_MS": 2000, "PG_STATEMENT_TIMEOUT_MS": 4000,
            "DRAIN_TIMEOUT_SECONDS": 10, **_hold_settings(binary)}
        self.command("migrate")
        self.db.rows(WITNESS)
        self.people, self.salons, self.services = [], [], {}
        self._open_salons()
        self._invite_customers()
        self.board = os.path.join(stage.directory, f"{name}.board")
        with open(self.board, "wb") as file:
            file.write(bytes(BOARD.size * BOARD_ENTRIES))
        self.notebooks = []
        self.servers = [Server(binary, self.settings, stage.directory, self.contract) for _ in range(2)]
        self.clients = []

    def command(self, *words):
        code, out, err = run_command(self.binary, words, self.settings)
        if code != 0:
            raise Failure(f"mawid {' '.join(words)}: exit {code}\n{out}{err}")
        return out

    # ---- salons and people ----

    def _open_salons(self):
        """Three: one confirms by itself, one approves each booking, one books for the next minute."""
        self._open(weight=5, staff=4, services=((30, 5, 10), (20, 0, 0)), grid_minutes=5)
        self._open(weight=4, staff=3, services=((45, 0, 15), (25, 10, 5)), grid_minutes=5, auto_confirm=False)
        self._open(weight=1, staff=8, services=((5, 0, 0),), grid_minutes=1, soon=True)

    def _open(self, weight, staff, services, soon=False, **columns):
        (length, before, after), *more = services
        salon = Salon(self, staff=staff, duration=length, before=before, after=after, **columns)
        ids = [salon.service]
        for length, before, after in more:
            ids.append(salon.add_service(length, before, after))
            for member in salon.staff:
                salon.offer(member, ids[-1])
        for service, (length, before, after) in zip(ids, services):
            rooms = self._rooms(salon.id, service) if before else ()
            self.services[service] = Service(length * MINUTE, before * MINUTE, after * MINUTE, frozenset(rooms))
        self.salons.append({
            "id": salon.id, "weight": weight, "services": ids, "staff": salon.staff, "soon": soon,
            "manager": self._add_person(salon.owner, "manager"),
            "starts": [at(day, 12, minute) for day in (2, 3) for minute in range(0, 150, 5)]})

    def _rooms(self, salon, service):
        """Two for all of the staff, so that rooms are what is scarce."""
        if self.db.one("SELECT to_regclass('catalogue_room') IS NULL"):
            return
        for number in range(2):
            room = self.db.one("INSERT INTO catalogue_room (salon_id, name_ar, name_en) VALUES (%s, 'غرفة', %s) RETURNING id",
                               salon, f"Room {number}")
            self.db.rows("INSERT INTO catalogue_service_room (service_id, room_id) VALUES (%s, %s)", service, room)
            yield room

    def _invite_customers(self):
        for number in range(CUSTOMERS):
            user = self.db.one("INSERT INTO accounts_user (phone_number, role, is_phone_verified) "
                               "VALUES (%s, 'customer', true) RETURNING id", f"+96659{number:07d}")
            self._add_person(user, "customer")

    def _add_person(self, user, role):
        now = int(time.time())
        claims = {"token_type": "access", "exp": now + 7200, "iat": now, "jti": uuid.uuid4().hex, "user_id": user,
                  "sid": str(uuid.uuid4())}
        self.people.append({"id": user, "role": role, "token": jwt(claims)})
        return len(self.people) - 1

    # ---- who plays ----

    def start_servers(self):
        self.db.close()  # what follows cuts it: the next question opens another
        for server in self.servers:
            server.start(wait=False)
        for server in self.servers:
            self.await_server(server)

    def await_server(self, server):
        eventually(lambda: server.admin("/readyz")[0] == 200, f"mawid serve is ready on {server.place}", 60)

    def orders(self, name, **more):
        """What a client process is told; its notebook will be read when the judge asks."""
        number = len(self.notebooks)
        out = os.path.join(self.stage.directory, f"{self.name}-{number}.jsonl")
        self.notebooks.append(out)
        return {"servers": [server.place for server in self.servers], "people": self.people, "salons": self.salons,
                "board": self.board, "out": out, "name": f"{name}-{number}", "keys": False, "verbs": ["cancel"], "ends": [],
                "steps": {}, "break_rate": 0, "own_max": 2, **more}

    def hand(self, name):
        """A lane that does only what it is told, one request after the other."""
        orders = self.orders(name, seed=0)
        return Lane(orders, 0, Board(self.board), Out(orders["out"]))

    def end(self):
        """Stops both servers in good order: every request has its answer, nothing is under way any more."""
        for server in self.servers:
            server.stop()
        self.db.close()
        eventually(lambda: self.stage.superuser.one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename = 'mawid'", self.name) == 0,
            "the servers' sessions have ended")

    def kill(self):
        for server in self.servers:
            server.kill()
        self.db.close()


def start_client(orders):
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.py")
    process = subprocess.Popen([sys.executable, here], stdin=subprocess.PIPE)
    process.stdin.write(json.dumps(orders).encode())
    process.stdin.close()
    return process


def _hold_settings(binary):
    """The shortest hold that can be set, and no limit to how many a customer has."""
    _, example, _ = run_command(binary, ("check-config", "--example"), {"SECRET_KEY": SECRET_KEY})
    names = re.findall(r"^#?\s*(BOOKING_H\w*_(?:SECONDS|MAX))=", example, re.MULTILINE)
    return {name: 0 if name.endswith("_MAX") else HOLD_SECONDS for name in names}


# --- what this server can do --------------------------------------------------------------------------

def abilities(contract):
    """{what: whether} by the document: what it promises must be seen to work."""
    paths = contract.document["paths"]
    can = {verb: f"/api/bookings/{{id}}/{verb.replace('_', '-')}/" in paths
           for verb in ("cancel", "confirm", "complete", "no_show", "reschedule")}
    can["hold"] = can["visit"] = "booking.not_supported" not in contract.all_codes()
    can["keys"] = "Idempotency-Key" in json.dumps(contract.document)
    return can


NEEDS = {"hold": "hold", "visit": "visit", "twins": "keys", "mismatch": "keys", "confirm": "confirm",
         "reschedule": "reschedule", "end": "complete"}


def duties(can):
    """The part of a client's orders that depends on it."""
    return {"steps": {step: weight for step, weight in STEPS.items() if step not in NEEDS or can[NEEDS[step]]},
            "keys": can["keys"], "verbs": [verb for verb in ("cancel", "confirm", "reschedule") if can[verb]],
            "ends": [verb for verb in ("complete", "complete", "no_show") if can[verb]]}
