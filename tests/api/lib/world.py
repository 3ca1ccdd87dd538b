"""What stories share: the private servers, the running mawids, the people, the free slots."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import threading
import time

from .catalogue import Catalogue
from .check import Failure, eventually
from .client import Client, Wire
from .contract import Contract
from .database import SOURCE_ROOT, Database, PrivateServers
from .partner import FakeAuthentica
from .phones import new_phone
from .process import SECRET_KEY, Server, run_command
from .salons import at

SERVERS_MAX = 10  # besides the main one: each keeps some of Postgres' connections
TEST_PHONE, TEST_CODE = "+966500000000", "123456"


class World:
    def __init__(self, binary, directory):
        self.binary = binary
        self.directory = directory
        self.contract = Contract(os.path.join(SOURCE_ROOT, "docs", "openapi.yaml"))
        self.pair = PrivateServers(os.path.join(directory, "servers"))
        self.pair.start()
        self.db = Database(self.pair.database_url)
        self.superuser = Database(self.pair.database_url, "postgres")
        self.servers = {}
        self.people = {}
        self.partner = None
        self.lock = threading.RLock()
        self.catalogue = Catalogue(self)
        self.seed_output = ""
        self.bookers = self.bookings_left = 0

    def prepare(self):
        """Schema and demo data, as the first day of an installation."""
        for verb in ("migrate", "seed-demo"):
            code, out, err = self.command(verb)
            if code != 0:
                raise Failure(f"mawid {verb}: exit {code}\n{out}{err}")
        self.seed_output = out

    # ---- work ----

    def hasten(self, kind, subject=0, db=None):
        """A piece of work that comes round by itself is due now, not only when its time has come."""
        eventually(lambda: (db or self.db).rows("UPDATE work SET due_at = now() WHERE kind = %s AND subject = %s "
                                                "AND lease IS NULL RETURNING 1", kind, subject), f"{kind} can be hastened")

    def empty_database(self, name):
        """Its URL."""
        self.superuser.rows(f"CREATE DATABASE {name} OWNER mawid TEMPLATE template0")
        return self.pair.database_url.replace("/mawid?", f"/{name}?")

    def own_database(self, name):
        """(questions to it, its settings) of a database that nobody else talks to."""
        settings = {"DATABASE_URL": self.empty_database(name)}
        code, out, err = self.command("migrate", **settings)
        if code != 0:
            raise Failure(f"mawid migrate of {name}: exit {code}\n{out}{err}")
        return Database(settings["DATABASE_URL"]), settings

    # ---- programs ----

    def base_settings(self):
        return {"DATABASE_URL": self.pair.database_url, "REDIS_URL": self.pair.redis_url, "SECRET_KEY": SECRET_KEY,
                "ENVIRONMENT": "development", "LOG_FORMAT": "json", "WORKERS": 2, "PG_CONNECTIONS": 4, "OTP_PROVIDER": "console",
                "TRUSTED_PROXIES": "127.0.0.0/8", "OTP_TEST_NUMBERS": f"{TEST_PHONE}:{TEST_CODE}",
                "MEDIA_ROOT": os.path.join(self.directory, "media")}

    def command(self, *arguments, limits=(), **settings):
        """`mawid <arguments>`: (exit code, stdout, stderr). A setting of value None is not set."""
        return run_command(self.binary, arguments, {**self.base_settings(), **settings}, limits=limits)

    def server(self, **settings):
        """The running server with those settings: started at first use, shared by all who ask alike."""
        key = tuple(sorted(settings.items()))
        with self.lock:
            server = self.servers.get(key)
            if server is None or not server.runs():
                self._make_room()
                server = self.new_server({"WORKERS": 1, **settings} if settings else {}).start()
            self.servers.pop(key, None)
            self.servers[key] = server  # the last one used is the last in the dict
            return server

    def _make_room(self):
        """Stops the server that was not used for longest; never the main one."""
        others = [key for key in self.servers if key]
        if len(others) >= SERVERS_MAX:
            self.servers.pop(others[0]).stop()

    @property
    def main(self):
        return self.server()

    @contextlib.contextmanager
    def own_server(self, limits=(), wait=True, **settings):
        """A server that nobody else talks to; stopped (and judged) at the end."""
        server = self.new_server(settings, limits).start(wait)
        try:
            yield server
        except BaseException:
            server.kill()
            raise
        server.stop()

    def new_server(self, settings, limits=()):
        return Server(self.binary, {**self.base_settings(), **settings}, self.directory, self.contract, limits)

    @property
    def authentica(self):
        """The fake partner, well-behaved until told otherwise."""
        with self.lock:
            if self.partner is None:
                self.partner = FakeAuthentica()
            return self.partner

    def authentica_server(self, **settings):
        """The shared server that sends its codes through the fake."""
        return self.server(**self.authentica.settings(AUTHENTICA_TIMEOUT_SECONDS=2, **settings))

    def end(self):
        """Stops everything; yields what went wrong with whom."""
        for key, server in self.servers.items():
            try:
                server.stop()
            except Failure as failure:
                yield f"the server with {dict(key) or 'default settings'} ends well", failure
        if self.partner is not None:
            self.partner.stop()
        self.db.close()
        self.superuser.close()
        self.pair.remove(keep_log_in=self.directory)

    # ---- people ----

    def client(self, language=None, server=None, **more):
        return Client(server or self.main, language, **more)

    def wire(self, server=None, **more):
        return Wire((server or self.main).place, **more)

    def ask_code(self, client, phone, path="/api/auth/phone/request/", **more):
        """Asks for a code and reads it from the console provider's line: (request id, code)."""
        since = client.server.log_size()
        asked = client.post(path, {"phone_number": phone, "channel": "sms", **more}).expect(201).json
        return asked["request_id"], client.server.message_after(phone, since)["code"]

    def wait_until_well(self):
        """Until every worker has its connections again: many requests in a row, each on a new one, for what is not
        answered from memory."""
        times = f"/api/salons/1/slots/?service=1&from={at(1, 0)[:10]}&days=1"
        eventually(lambda: self.main.admin("/readyz")[0] == 200
                   and all(self.client().get(times).status == 200 for _ in range(16)), "all is well", patience=60)

    def sign_in(self, phone=None, language=None, server=None, **more):
        """A client that logged in by phone; a fresh phone makes a new customer."""
        client = self.client(language, server)
        client.phone = phone or new_phone()
        request_id, code = self.ask_code(client, client.phone, **more)
        session = client.post("/api/auth/phone/verify/", {"request_id": request_id, "code": code}).expect(200).json
        client.token, client.refresh, client.user = session["access"], session["refresh"], session["user"]
        return client

    def prefer(self, person, language):
        """She chooses a language. Her access token names it from the next one on."""
        person.patch("/api/auth/me/", {"preferred_language": language}).expect(200)
        pair = person.post("/api/auth/token/refresh/", {"refresh": person.refresh}).expect(200).json
        person.token, person.refresh = pair["access"], pair["refresh"]
        return person

    def sign_in_manager(self, language=None):
        """Somebody new who may have salons, and has none."""
        manager = self.sign_in(language=language)
        self.db.rows("UPDATE accounts_user SET role = 'manager' WHERE id = %s", manager.user["id"])
        return manager

    def somebody(self, name="somebody"):
        """The customer of that name in this run: the same one for everybody who asks."""
        with self.lock:
            if name not in self.people:
                self.people[name] = self.sign_in()
            return self.people[name].on(self.main)

    def booker(self):
        """A customer who has few open bookings: each gets a handful to make before the next takes over."""
        with self.lock:
            if self.bookings_left == 0:
                self.bookers, self.bookings_left = self.bookers + 1, 2
            self.bookings_left -= 1
        return self.somebody(f"booker {self.bookers}")

    def crowd(self, size):
        """That many customers who have booked nothing yet: open bookings of another story are not theirs."""
        return [self.sign_in() for _ in range(size)]

    def with_role(self, role):
        """A signed-in person of that role: a fresh account that the database promotes."""
        name = f"role {role}"
        with self.lock:
            if name not in self.people:
                person = self.people[name] = self.sign_in()
                self.db.rows("UPDATE accounts_user SET role = %s WHERE id = %s", role, person.user["id"])
            return self.people[name].on(self.main)

    def user_row(self, phone):
        return self.db.row("SELECT * FROM accounts_user WHERE phone_number = %s", phone)

    def has_user(self, phone):
        return self.db.one("SELECT count(*) FROM accounts_user WHERE phone_number = %s", phone) > 0


def jwt_parts(token):
    """(header, claims) of a token, its signature unchecked."""
    head, claims, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, claims))


def jwt(claims, key=SECRET_KEY, header=None):
    """A token as anybody could make it who has (or guesses) the key."""
    def encode(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")
    parts = [encode(json.dumps(part, separators=(",", ":")).encode())
             for part in (header or {"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.new(key.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, encode(signature)]).decode()


def now():
    return int(time.time())
