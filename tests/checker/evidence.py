"""What is known after a run: what the clients asked and were told, and what the database holds.

All times are integers: microseconds since 1970. Commit times are Postgres' own (track_commit_timestamp),
taken while a transaction still holds its locks: of two that met, the one that waited has the later one.
"""
import collections
import dataclasses
import datetime
import json
import re

ACTIVE = ("held", "pending", "confirmed")


@dataclasses.dataclass(frozen=True)
class State:
    """A booking as one version of it is, or was: a row of the table, or what the witness wrote down."""
    booking: int
    version: int
    status: str
    salon: int
    service: int
    staff: int
    room: int | None
    customer: int
    visit: int | None
    starts: int
    ends: int
    claimed: tuple  # (from, to)
    hold_until: int | None
    commit: int = 0  # witness only
    transaction: int = 0  # witness only


@dataclasses.dataclass(frozen=True)
class Move:
    """A row of bookings_history."""
    booking: int
    version: int
    at: int
    commit: int
    transaction: int
    role: str
    actor: int | None
    old: str | None
    new: str
    request: str


@dataclasses.dataclass(frozen=True)
class Service:
    """As the stage made it."""
    length: int
    before: int
    after: int
    rooms: frozenset = frozenset()  # it needs one of them; empty: none

    def claim(self, starts):
        return starts - self.before, starts + self.length + self.after


@dataclasses.dataclass(frozen=True)
class Request:
    """One attempt of a client; what the fields mean is in client.py. `key` is what its twins share."""
    id: str
    kind: str
    who: int  # a user's id
    body: dict
    outcome: str
    status: int = 0
    answer: str = ""
    code: str = ""
    key: str = ""
    booking: int = 0
    server: int = 0
    path: str = ""
    retry_after: str = ""
    fault: str = ""
    slow: bool = False
    began: float = 0.0
    ended: float = 0.0

    @property
    def success(self):
        return self.outcome == "answered" and 200 <= self.status < 300

    @property
    def refused(self):
        """Whoever sent this knows for certain that nothing was done."""
        return self.outcome == "unsent" or (self.outcome == "answered" and (
            400 <= self.status < 500 or self.status == 503 and self.code != "server.unknown_outcome"))

    @property
    def bookings(self):
        return bookings_shown(self.answer) if self.kind not in DESK else []

    @property
    def wishes(self):
        """What a creation asked for, one by one."""
        common = {name: value for name, value in self.body.items() if name != "items"}
        return [{**common, **item} for item in self.body.get("items") or [{}]]


def bookings_shown(answer):
    """Those that a successful answer shows: one, those of a visit, or those of a list."""
    said = json.loads(answer)
    return next((said[name] for name in ("bookings", "items", "results") if name in said), [said])


CREATIONS = ("create", "hold", "visit", "mismatch")
READS = ("look", "list")
DESK = ("off", "back")  # a member of staff is given time off, or it is taken back
FAR = 1 << 62  # later than any time


@dataclasses.dataclass(frozen=True)
class Key:
    """A row of idempotency_key."""
    caller: int
    key: str
    commit: int
    transaction: int


@dataclasses.dataclass(frozen=True)
class Absence:
    """Time off that was given."""
    staff: int
    during: tuple  # (from, to)
    perhaps: tuple  # (from, to): when bookings may have been refused because of it
    surely: tuple  # (from, to): when whoever began to ask had to be refused because of it


@dataclasses.dataclass
class Evidence:
    requests: list
    rows: list  # State of each booking now
    witness: list  # every State there was, in order of commits
    history: list
    keys: list  # Key
    services: dict  # id -> Service
    crews: dict  # salon -> its staff
    read_at: int = 0
    hold_patience: int = 5_000_000  # a hold may outlive its time by this until it is swept

    def __post_init__(self):
        self.by_id = {request.id: request for request in self.requests}
        self.states = {(state.booking, state.version): state for state in self.witness}
        self.moves = {(move.booking, move.version): move for move in self.history}
        self.births = {}  # request id -> the moves that made a booking in its name
        for move in self.history:
            if move.old is None:
                self.births.setdefault(move.request, []).append(move)
        self.groups = {}  # twins and retries of one creation
        for request in self.requests:
            if request.kind in CREATIONS:
                alone = request.kind == "mismatch" or not request.key
                self.groups.setdefault(("alone", request.id) if alone else ("key", request.key), []).append(request)
        self.visits = collections.defaultdict(set)  # visit -> its bookings
        self.witness_of = collections.defaultdict(list)  # booking -> its states, in order
        for state in self.witness:
            self.witness_of[state.booking].append(state)
            if state.visit is not None:
                self.visits[state.visit].add(state.booking)
        self.absences = list(absences_in(self.requests))


def absences_in(requests):
    """From what managers asked. One whose answer got lost may be there; one taken back is gone for sure
    when that was answered."""
    ends = collections.defaultdict(list)
    for request in requests:
        if request.kind == "back":
            ends[request.path].append(request)
    for request in requests:
        if request.kind != "off" or request.refused:
            continue
        staff = int(re.search(r"/staff/(\d+)/", request.path)[1])
        said = json.loads(request.answer) if request.success else {}
        back = ends.get(f"{request.path}{said.get('id')}/", [])
        heard = [end.ended for end in back if end.success]
        yield Absence(staff, (micros(request.body["starts_at"]), micros(request.body["ends_at"])),
                      (seconds(request.began), min(map(seconds, heard), default=FAR)),
                      (seconds(request.ended) if said else FAR, min((seconds(end.began) for end in back), default=FAR)))


def micros(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def seconds(clock):
    """Of a client's clock."""
    return round(clock * 1e6)


# --- from the client processes ----------------------------------------------------------------------

def requests_from(paths, people):
    """The records of the client processes, as they wrote them."""
    names = {field.name for field in dataclasses.fields(Request)}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                record["who"] = people[record["who"]]["id"]
                record.setdefault("body", {})
                yield Request(**{name: value for name, value in record.items() if name in names})


# --- from the database ------------------------------------------------------------------------------

# Beside the product's own notes, one that it knows nothing of: every row that was ever written.
WITNESS = """
CREATE TABLE checker_witness (seen timestamptz NOT NULL DEFAULT clock_timestamp(), state jsonb NOT NULL);
CREATE FUNCTION checker_witness() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO checker_witness (state) VALUES (to_jsonb(NEW)
        || jsonb_build_object('claim_from', lower(NEW.claimed), 'claim_to', upper(NEW.claimed)));
    RETURN NULL;
END $$;
CREATE TRIGGER checker_witness AFTER INSERT OR UPDATE ON bookings_booking
    FOR EACH ROW EXECUTE FUNCTION checker_witness();
"""

MICROS = "(extract(epoch FROM {})::numeric * 1000000)::bigint"
STATE = """
SELECT (state->>'id')::bigint AS booking, (state->>'version')::integer AS version, state->>'status' AS status,
    (state->>'salon_id')::bigint AS salon, (state->>'service_id')::bigint AS service,
    (state->>'staff_id')::bigint AS staff, (state->>'room_id')::bigint AS room,
    (state->>'customer_id')::bigint AS customer, (state->>'visit_id')::bigint AS visit,
    {starts} AS starts, {ends} AS ends, {claim_from} AS claim_from, {claim_to} AS claim_to, {hold} AS hold_until,
    {commit} AS commit, transaction
FROM ({source}) source
ORDER BY commit, seen
"""


def state_sql(source):
    def field(name):
        return MICROS.format(f"(state->>'{name}')::timestamptz")
    return STATE.format(starts=field("starts_at"), ends=field("ends_at"), claim_from=field("claim_from"),
                        claim_to=field("claim_to"), hold=field("hold_expires_at"),
                        commit="coalesce(committed, 0)", source=source)


COMMITTED = MICROS.format("pg_xact_commit_timestamp(xmin)")
ROWS_SQL = state_sql("""SELECT to_jsonb(b) || jsonb_build_object('claim_from', lower(b.claimed), 'claim_to', upper(b.claimed))
    AS state, 0::bigint AS committed, 0::bigint AS transaction, b.created_at AS seen FROM bookings_booking b""")
WITNESS_SQL = state_sql(f"""SELECT state, {COMMITTED} AS committed, xmin::text::bigint AS transaction, seen
    FROM checker_witness""")
HISTORY_SQL = f"""
SELECT booking_id AS booking, version, {MICROS.format('at')} AS at, {COMMITTED} AS commit,
    xmin::text::bigint AS transaction, actor_role AS role, actor_id AS actor, from_status AS old,
    to_status AS new, request_id AS request
FROM bookings_history ORDER BY booking_id, version
"""
KEYS_SQL = f"""
SELECT caller_id AS caller, key, {COMMITTED} AS commit, xmin::text::bigint AS transaction FROM idempotency_key
"""
NOW_SQL = f"SELECT {MICROS.format('clock_timestamp()')} AS now"


def state_from(row):
    claimed = (row.pop("claim_from"), row.pop("claim_to"))
    return State(claimed=claimed, **row)


def collect(db, requests, services, crews):
    return Evidence(requests=list(requests), rows=[state_from(row) for row in db.rows(ROWS_SQL)],
                    witness=[state_from(row) for row in db.rows(WITNESS_SQL)],
                    history=[Move(**row) for row in db.rows(HISTORY_SQL)], keys=[Key(**row) for row in db.rows(KEYS_SQL)],
                    services=services, crews=crews, read_at=db.one(NOW_SQL))
