"""A private Postgres and Redis, made anew for every run, with salons nobody will ever fill up."""
import base64
import hashlib
import hmac
import json
import subprocess
import time
from pathlib import Path

from .result import Broken
from .servers import SECRET_KEY

ROOT = Path(__file__).resolve().parents[2]

# Booking number n is for member of staff n mod STAFF, at time n mod TIMES, by customer n mod CUSTOMERS. STAFF and TIMES
# have no common factor, so the first STAFF * TIMES (40 million) bookings never collide. The seed makes the first 20,000.
STAFF, TIMES, CUSTOMERS = 2000, 20011, 50000
SLOT_MINUTES = 15


class Database:
    def __init__(self, rig):
        self.rig = rig
        self.directory = rig.place / "servers"
        self.settings = {}
        self.first_slot = None

    @property
    def url(self):
        return self.settings["DATABASE_URL"]

    def open(self):
        self.tool("remove")
        urls = self.tool("start").split()
        self.settings = dict(line.split("=", 1) for line in urls)
        self.mawid("migrate")

    def close(self):
        self.tool("stop")

    def tool(self, verb):
        return command_output([str(ROOT / "tools" / "private-servers"), verb, str(self.directory)])

    def mawid(self, *words):
        command_output([str(self.rig.binary), *words],
                       env={"PATH": "/usr/bin:/bin", "SECRET_KEY": SECRET_KEY, **self.settings})

    def psql(self, *words):
        return command_output(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *words, self.url])

    def seed(self):
        """The benchmark's salons, staff and customers; once."""
        if self.first_slot:
            return
        now = time.time()
        self.first_slot = int(now // 86400 + 3) * 86400  # three days ahead, at midnight UTC
        values = {"staff": STAFF, "customers": CUSTOMERS, "minutes": SLOT_MINUTES, "times": TIMES,
                  "first_slot": self.first_slot}
        self.psql(*(f"--set={name}={value}" for name, value in values.items()), "-f",
                  str(ROOT / "bench" / "seed.sql"))
        self.write_tables()

    # ---- tables for the load generator's templates ----

    def write_tables(self):
        rows = {"staff": (f"{salon(n)}\t{salon(n)}\t{n + 1}" for n in range(STAFF)),
                "time": (self.slot_text(n) for n in range(TIMES)),
                "customer": self.tokens()}
        for name, lines in rows.items():
            (self.rig.work / f"{name}.tsv").write_text("\n".join(lines) + "\n")

    def table(self, name):
        return name, self.rig.work / f"{name}.tsv"

    def slot_text(self, n):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.first_slot + n * SLOT_MINUTES * 60))

    def tokens(self):
        """Access tokens as `mawid token mint` makes them, 50,000 of them in a second."""
        key = hmac.new(SECRET_KEY.encode(), digestmod=hashlib.sha256)
        head = b64(b'{"alg":"HS256","typ":"JWT"}')
        now = int(time.time())
        for n in range(CUSTOMERS):
            claims = {"token_type": "access", "exp": now + 86400, "iat": now, "jti": f"{n:032x}",
                      "user_id": STAFF + 1 + n, "sid": f"00000000-0000-4000-8000-{n:012x}"}
            signed = head + b"." + b64(json.dumps(claims, separators=(",", ":")).encode())
            mac = key.copy()
            mac.update(signed)
            yield (signed + b"." + b64(mac.digest())).decode()


def command_output(command, **options):
    """What it prints on stdout; Broken with its last words when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
                          **options)
    if done.returncode != 0:
        raise Broken(f"{Path(command[0]).name}: {(done.stdout + done.stderr)[-1000:].strip()}")
    return done.stdout


def salon(n):
    """The salon of member of staff n: twenty in each. Salon s has one service, number s."""
    return n // 20 + 1


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
