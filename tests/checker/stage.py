"""The stage: a private Postgres and Redis, databases in it, and two servers on each that is played on."""
import itertools
import json
import os
import subprocess
import sys
import time
import uuid

import mutants
from client import BOARD_SIZE, Board, Lane, Out
from evidence import WITNESS, Service, collect, requests_from
from lib.check import Failure, eventually
from lib.contract import Contract
from lib.database import SOURCE_ROOT, Database, PrivateServers
from lib.process import SECRET_KEY, Server, run_command
from lib.salons import Salon, at
from lib.world import jwt

CUSTOMERS = 48
HOLD_SECONDS = 2  # shorter than holds are swept (work_table.c): some are over, and in the way, before they are
MINUTE = 60_000_000

# How often a lane does what; those that the server does not know are left out.
STEPS = {"create": 22, "hold": 12, "visit": 6, "held_visit": 6, "twins": 7, "mismatch": 2, "cancel": 16, "confirm": 14,
         "reschedule": 16, "end": 4, "duel": 6, "time_off": 4, "look": 3, "list": 4}
BEGUN = 64  # bookings that began before the run, so that a short one sees some end


INDOORS = True  # a service that needs a room

# A confirmed booking of a service of 5 minutes, and its line in the history.
BOOKED = """
WITH made AS (
    INSERT INTO bookings_booking (salon_id, service_id, staff_id, starts_at, ends_at, claimed, customer_id, status,
        price_amount, currency, cancel_cutoff_minutes, late_cancel_fee_amount, no_show_fee_amount, deposit_amount)
    SELECT i.salon, i.service, i.staff, i.at, i.at + interval '5 min', tstzrange(i.at, i.at + interval '5 min'), i.customer,
        'confirmed', 0, 'SAR', 0, 0, 0, 0
    FROM (SELECT %s::bigint AS salon, %s::bigint AS service, %s::bigint AS staff, %s::timestamptz AS at, %s::bigint AS customer) i
    RETURNING id, customer_id
), told AS (
    INSERT INTO bookings_history (booking_id, version, actor_id, actor_role, to_status, request_id)
    SELECT made.id, 1, made.customer_id, 'customer', 'confirmed', %s FROM made
)
SELECT id FROM made
"""


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
            "DRAIN_TIMEOUT_SECONDS": 10, "BOOKING_HOLD_SECONDS": HOLD_SECONDS, "BOOKING_HOLDS_MAX": 0}
        self.command("migrate")
        self.db.rows(WITNESS)
        self.people, self.salons, self.services = [], [], {}
        self._open_salons()
        self._invite_customers()
        self.board = os.path.join(stage.directory, f"{name}.board")
        with open(self.board, "wb") as file:
            file.write(bytes(BOARD_SIZE))
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
        self._open(weight=5, staff=4, services=((30, 5, 10, INDOORS), (20, 0, 0), (15, 0, 5, INDOORS)), grid_minutes=5)
        self._open(weight=4, staff=3, services=((45, 0, 15), (25, 10, 5, INDOORS)), grid_minutes=5, auto_confirm=False)
        self._open(weight=1, staff=8, services=((5, 0, 0),), grid_minutes=1, soon=True)

    def _open(self, weight, staff, services, soon=False, **columns):
        (length, before, after, *_), *more = services
        salon = Salon(self, staff=staff, duration=length, before=before, after=after, **columns)
        ids = [salon.service]
        for length, before, after, *_ in more:
            ids.append(salon.add_service(length, before, after))
            for member in salon.staff:
                salon.offer(member, ids[-1])
        rooms = self._rooms(salon.id)
        for service, (length, before, after, *indoors) in zip(ids, services):
            for room in rooms if indoors else ():
                self.db.rows("INSERT INTO catalogue_service_room (service_id, room_id) VALUES (%s, %s)", service, room)
            self.services[service] = Service(length * MINUTE, before * MINUTE, after * MINUTE,
                                             frozenset(rooms if indoors else ()))
        self.salons.append({
            "id": salon.id, "weight": weight, "services": ids, "staff": salon.staff, "soon": soon,
            "wanted": [None, *salon.staff],
            "manager": self._add_person(salon.owner, "manager"),
            "crew": [self._add_person(user, "staff") for user in salon.staff_users],
            "starts": [at(day, 12, minute) for day in (2, 3, 4) for minute in range(0, 150, 5)]})

    def _rooms(self, salon):
        """Two for all of the staff and services, so that rooms are what is scarce."""
        return [self.db.one("INSERT INTO catalogue_room (salon_id, name_ar, name_en) VALUES (%s, 'غرفة', %s) RETURNING id",
                            salon, f"Room {number}") for number in range(2)]

    def begin_bookings(self):
        """Bookings of yesterday, written as the product writes them; in the notebooks they are requests
        whose answers got lost. Returns them as the lanes know them."""
        place = next(place for place, salon in enumerate(self.salons) if salon["soon"])
        salon = self.salons[place]
        customer = next(place for place, person in enumerate(self.people) if person["role"] == "customer")
        notes = os.path.join(self.stage.directory, f"{self.name}-begun.jsonl")
        self.notebooks.append(notes)
        begun = []
        with open(notes, "w", encoding="utf-8") as file:
            for number, staff in zip(range(BEGUN), itertools.cycle(salon["staff"])):
                wish = {"salon": salon["id"], "service": salon["services"][0], "staff": staff, "starts_at": at(-1, 1, number * 5)}
                booking = self.db.one(BOOKED, *wish.values(), self.people[customer]["id"], f"begun-{number}")
                file.write(json.dumps({"id": f"begun-{number}", "kind": "create", "who": customer, "body": wish,
                                       "outcome": "unknown"}) + "\n")
                begun.append((booking, customer, place, salon["staff"].index(staff)))
        return begun

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

    def evidence(self):
        """What the notebooks and the database say by now."""
        return collect(self.db, requests_from(self.notebooks, self.people), self.services,
                       {salon["id"]: salon["staff"] for salon in self.salons})

    def mutate(self, mutant):
        superuser = Database(self.stage.url(self.name), "postgres")
        mutants.apply(mutant, self.db, superuser)
        superuser.close()

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
                "begun": [], "steps": {}, "break_rate": 0, "own_max": 2, **more}

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


# A client's orders in the run.
DUTIES = {"steps": STEPS, "keys": True, "verbs": ["cancel", "confirm", "reschedule"], "ends": ["complete", "complete", "no_show"]}
