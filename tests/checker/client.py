#!/usr/bin/python3
"""One client process of the checker: lanes (threads) that book, hold, move and cancel as fast as answers come.

Reads its orders as JSON from stdin, works until time is called (or `until`, monotonic clock), and writes one JSON line per
request to `out`: what was asked, by whom, what became of it. Nothing is judged here.

What became of a request is one of
    answered  the status and, of a success, the whole body
    unknown   sent to the last byte, but no (whole) answer came
    unsent    the last byte was not sent: nobody can have acted on it
Lanes break their own connections too: in the middle of a request, or right after it (with RST).
"""
import datetime
import json
import mmap
import os
import random
import select
import socket
import struct
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "api")]

from evidence import ACTIVE, bookings_shown  # noqa: E402
from lib.check import Failure  # noqa: E402  (the path above comes first)
from lib.client import Wire  # noqa: E402

PATIENCE = 20  # seconds for an answer
BOARD = struct.Struct("qqqq")
BOARD_ENTRIES = 64
BOARD_SIZE = BOARD.size * BOARD_ENTRIES + 1  # the last byte: call_time


class Board:
    """Recent bookings of all processes, for everybody to meddle with: (booking, customer, salon, staff),
    those after the first as places in their lists. Entries may tear: then it is somebody else's booking."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), BOARD_SIZE)

    def call_time(self, over):
        """Tells all lanes that the work is over, or (before it begins) that it is not."""
        self.memory[-1] = over

    def over(self):
        return self.memory[-1]

    def put(self, entry):
        BOARD.pack_into(self.memory, entry[0] % BOARD_ENTRIES * BOARD.size, *entry)

    def get(self, place):
        """A booking that was put there, or None."""
        entry = BOARD.unpack_from(self.memory, place % BOARD_ENTRIES * BOARD.size)
        return entry if entry[0] else None

    def remove(self, entry):
        if self.get(entry[0]) == entry:
            BOARD.pack_into(self.memory, entry[0] % BOARD_ENTRIES * BOARD.size, 0, 0, 0, 0)


class Attempt:
    """A request, and what became of it."""

    def __init__(self, kind, who, path, body=None, key=None, booking=None, method="POST"):
        self.kind, self.who, self.path, self.body, self.key = kind, who, path, body, key
        self.booking, self.method = booking, method
        self.server = self.fault = self.status = self.answer = self.code = self.retry_after = None
        self.outcome, self.slow = "unsent", False
        self.began = self.ended = 0.0
        self.id = None

    def again(self):
        return Attempt(self.kind, self.who, self.path, self.body, self.key, self.booking, self.method)

    def success(self):
        return self.outcome == "answered" and 200 <= self.status < 300

    def unclear(self):
        return self.outcome == "unknown" or (self.outcome == "answered" and self.status == 503)

    def made(self):
        """The bookings of a creation's answer."""
        return bookings_shown(self.answer)

    def raw(self, token):
        body = b"" if self.body is None else json.dumps(self.body).encode()
        head = [f"{self.method} {self.path} HTTP/1.1", "Host: checker", f"Authorization: Bearer {token}",
                f"X-Request-Id: {self.id}", "Accept-Language: en"]
        if self.body is not None:
            head += ["Content-Type: application/json"]
        if self.method == "POST":
            head += [f"Content-Length: {len(body)}"]
        if self.key:
            head += [f"Idempotency-Key: {self.key}"]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    def record(self):
        return {name: value for name, value in vars(self).items() if value is not None}


class Lane(threading.Thread):
    def __init__(self, orders, number, board, out):
        super().__init__(daemon=True)
        self.orders, self.board, self.out = orders, board, out
        self.name = f"ck-{orders['name']}-{number}"
        self.random = random.Random(f"{orders['seed']}/{self.name}")
        self.people, self.salons = orders["people"], orders["salons"]
        self.customers = [place for place, person in enumerate(self.people) if person["role"] == "customer"]
        self.wires = {}  # (server, place in the exchange) -> Wire
        self.own = []  # (booking, customer, salon, staff)
        self.soon = [tuple(entry) for entry in orders["begun"]]  # what has begun, or will in a minute: kept for its end
        self.times = {}  # booking -> when it begins, as far as this lane knows
        self.away = None  # (path of time off that this lane gave, the manager)
        self.count = 0
        self.well = False  # came to its end
        self.steps = [getattr(self, name) for name in orders["steps"]]
        self.weights = list(orders["steps"].values())

    def run(self):
        try:
            self.work()
            self.well = True
        finally:
            for wire in self.wires.values():
                wire.close()

    def work(self):
        while time.monotonic() < self.orders["until"] and not self.board.over():
            step = self.random.choices(self.steps, self.weights)[0]
            if step in (self.create, self.hold, self.visit, self.held_visit, self.twins) and len(self.own) >= self.orders["own_max"]:
                step = self.cancel
            step()

    # ---- the wire ----

    def exchange(self, *attempts):
        """Sends all, each on a connection of its own, before it reads the first answer."""
        lines = [(attempt, self.send(place, attempt)) for place, attempt in enumerate(attempts)]
        for attempt, line in lines:
            if line is not None:
                self.receive(attempt, line)
            attempt.ended = time.time()
            self.out.write(attempt.record())
        if all(attempt.outcome == "unsent" or attempt.status == 503 for attempt in attempts):
            time.sleep(self.random.uniform(0.01, 0.05))  # it comes back; the machine has better to do meanwhile
        return attempts[0]

    def send(self, place, attempt):
        """The line on which an answer can be expected, or None."""
        self.count += 1
        attempt.id = f"{self.name}-{self.count}"
        attempt.server = (self.random.randrange(2) + place) % 2
        attempt.began = time.time()
        raw = attempt.raw(self.people[attempt.who]["token"])
        line = (attempt.server, place)
        if attempt.fault is None and self.random.random() < self.orders["break_rate"]:
            attempt.fault = self.random.choice(("cut", "deaf"))
        try:
            wire = self.wire(line)
            if attempt.fault == "cut":
                wire.send(raw[:self.random.randrange(1, len(raw))])
                self.reset(line)
                return None
            if not wire.send(raw):
                attempt.outcome = "unknown"  # how much of it arrived is not known
                self.drop(line)
                return None
        except OSError:
            self.drop(line)
            return None
        attempt.outcome = "unknown"
        if attempt.fault == "deaf":
            time.sleep(self.random.choice((0, 0, 0.001, 0.003, 0.01)))
            self.reset(line)
            return None
        return line

    def wire(self, line):
        """A connection that is open as far as can be seen."""
        wire = self.wires.get(line)
        if wire is not None and select.select([wire.socket], [], [], 0)[0]:
            self.drop(line)
            wire = None
        if wire is None:
            wire = self.wires[line] = Wire(tuple(self.orders["servers"][line[0]]), timeout=PATIENCE)
        return wire

    def receive(self, attempt, line):
        try:
            answer = self.wires[line].answer()
        except (OSError, Failure) as error:  # cut in the middle, or too late
            attempt.slow = isinstance(error, TimeoutError)
            answer = None
        if answer is None:
            self.drop(line)
            return
        attempt.outcome, attempt.status = "answered", answer.status
        if attempt.success():
            attempt.answer = answer.text
        else:
            attempt.retry_after = answer.header("Retry-After")
            attempt.code = _code(answer)
        if (answer.header("Connection") or "").lower() == "close":
            self.drop(line)

    def reset(self, line):
        self.wires[line].socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.drop(line)

    def drop(self, line):
        wire = self.wires.pop(line, None)
        if wire is not None:
            wire.close()

    # ---- making ----

    def wish(self, **more):
        """A customer's wish for a time that others want too: (salon, body)."""
        place = self.random.choices(range(len(self.salons)), [s["weight"] for s in self.salons])[0]
        salon = self.salons[place]
        service = self.random.choice(salon["services"])
        return place, {"salon": salon["id"], "service": service, "staff": self.random.choice(salon["wanted"]),
                       "starts_at": self.start_in(salon), **more}

    def start_in(self, salon):
        if salon["soon"]:  # within the next two minutes: begins during the run
            return _rfc3339((int(time.time()) // 60 + self.random.choice((1, 1, 2))) * 60)
        return self.random.choice(salon["starts"])

    def key(self):
        return f"{self.name}-k{self.count}" if self.orders["keys"] else None

    def make(self, kind, salon, body, twins=1, key=None):
        """Sends a creation (as so many twins at once) until its fate is known, or patience ends."""
        who = self.random.choice(self.customers)
        attempts = [Attempt(kind, who, "/api/bookings/", body, key) for _ in range(twins)]
        self.exchange(*attempts)
        for _ in range(3):
            done = next((attempt for attempt in attempts if attempt.success()), None)
            if done is not None or not key or not any(attempt.unclear() for attempt in attempts):
                break
            time.sleep(self.random.choice((0.001, 0.05, 0.3)))
            attempts = [attempts[0].again()]  # the same key: it must not be made twice
            self.exchange(*attempts)
        if done is not None:
            self.keep(done, who, salon)
        elif any(attempt.outcome == "unknown" for attempt in attempts):
            self.list(who)
        return done

    def keep(self, done, who, salon):
        for booking in done.made():
            entry = self.entry(booking, who, salon)
            if self.salons[salon]["soon"]:
                self.soon.append(entry)
            else:
                self.own.append(entry)
                self.board.put(entry)

    def entry(self, booking, who, salon):
        self.times[booking["id"]] = booking["starts_at"]
        return booking["id"], who, salon, self.salons[salon]["staff"].index(booking["staff"])

    def create(self):
        key = self.key() if self.random.random() < 0.7 else None
        self.make("create", *self.wish(), key=key)

    def hold(self):
        self.then_confirm(self.make("hold", *self.wish(hold=True), key=self.key()))

    def then_confirm(self, done):
        """As most do who hold a time; others are slow, or never come back."""
        held = {booking["id"] for booking in done.made()} if done is not None else ()
        entries = [entry for entry in self.own if entry[0] in held]
        fate = self.random.random()
        if entries and fate < 0.4:
            self.exchange(self.move("confirm", self.random.choice(entries), entries[0][1]))
        elif fate < 0.7:
            for entry in entries:
                self.forget(entry)

    def visit(self, **more):
        """Several services, one after the other as a rule, by anybody more often than not."""
        salon, first = self.wish()
        items = [{name: self.wish_in(salon)[name] for name in ("service", "staff", "starts_at")}
                 for _ in range(self.random.choice((2, 2, 2, 3, 5)))]
        for item in items:
            item["staff"] = self.random.choice([None, None, item["staff"]])
        return self.make("visit", salon, {"salon": first["salon"], "items": items, **more}, key=self.key())

    def held_visit(self):
        self.then_confirm(self.visit(hold=True))

    def wish_in(self, place):
        while True:
            found, body = self.wish()
            if found == place:
                return body

    def twins(self):
        self.make("create", *self.wish(), twins=self.random.choice((2, 2, 3, 6)), key=self.key())

    def mismatch(self):
        """A key that was used comes back with another body."""
        salon, body = self.wish()
        done = self.make("create", salon, body, key=self.key())
        if done is not None and done.key:
            other = {**body, "notes": "another body"}
            self.exchange(Attempt("mismatch", done.who, done.path, other, done.key))

    # ---- moving ----

    def pick(self):
        """One of our own bookings, or one that another lane made, or None."""
        if self.own and self.random.random() < 0.8:
            return self.random.choice(self.own)
        return self.board.get(self.random.randrange(BOARD_ENTRIES))

    def forget(self, entry):
        self.board.remove(entry)
        if entry in self.own:
            self.own.remove(entry)

    def move(self, verb, entry, who=None):
        booking, customer, salon, staff = entry
        house = self.salons[salon]
        who = self.random.choice((customer, house["manager"], house["crew"][staff])) if who is None else who
        body = {"reason": "checker"} if verb == "cancel" else {}
        if verb == "reschedule":
            body = self.new_time(booking, house)
        return Attempt(verb, who, f"/api/bookings/{booking}/{verb.replace('_', '-')}/", body, booking=booking)

    def new_time(self, booking, house):
        """Another time, another member of staff, or both."""
        at, staff = {"starts_at": self.start_in(house)}, {"staff": self.random.choice(house["staff"])}
        if booking not in self.times:
            return {**at, **self.random.choice(({}, staff))}
        here = {"starts_at": self.times[booking], **staff}
        return self.random.choice((at, here, here, {**at, **staff}))

    def step_with(self, verb, who=None):
        entry = self.pick()
        if entry is not None:
            done = self.exchange(self.move(verb, entry, who))
            if done.success() and verb == "cancel" or done.status == 409 and verb != "reschedule" \
                    or done.status == 404 and done.who == entry[1]:
                self.forget(entry)
            elif done.success():
                self.remember(entry, *done.made())

    def remember(self, entry, booking):
        """Where it is now; who moves it next may be another member of staff."""
        moved = self.entry(booking, *entry[1:3])
        if entry in self.own:
            self.own[self.own.index(entry)] = moved
        self.board.put(moved)

    def cancel(self):
        self.step_with("cancel")

    def confirm(self):
        self.step_with("confirm")

    def reschedule(self):
        self.step_with("reschedule")

    def end(self):
        """What the salon says after the visit."""
        if self.soon:
            entry = self.random.choice(self.soon)
            verb = self.random.choice(self.orders["ends"])
            house = self.salons[entry[2]]
            done = self.exchange(self.move(verb, entry, self.random.choice((house["manager"], house["crew"][entry[3]]))))
            if done.success() or done.code == "booking.invalid_transition":
                self.soon.remove(entry)

    def duel(self):
        """Two moves of one booking in the same moment, at both servers."""
        entry = self.pick()
        if entry is not None:
            verbs = self.random.sample(self.orders["verbs"] * 2, 2)
            attempts = [self.move(verb, entry) for verb in verbs]
            self.exchange(*attempts)
            if any(attempt.kind == "cancel" and attempt.success() for attempt in attempts):
                self.forget(entry)

    def time_off(self):
        """A member of staff is away for half an hour that others want to book; later she is there after all."""
        if self.away is not None:
            path, manager = self.away
            if self.exchange(Attempt("back", manager, path, method="DELETE")).status in (204, 404):
                self.away = None
            return
        house = self.random.choice([salon for salon in self.salons if not salon["soon"]])
        begins = self.start_in(house)
        body = {"kind": "off", "starts_at": begins, "ends_at": _later(begins, 30)}
        path = f"/api/salons/{house['id']}/staff/{self.random.choice(house['staff'])}/exceptions/"
        done = self.exchange(Attempt("off", house["manager"], path, body))
        if done.success():
            self.away = (f"{path}{json.loads(done.answer)['id']}/", house["manager"])

    def list(self, who=None):
        """What a customer has, by looking: so those are found again whose making was answered to nobody."""
        who = self.random.choice(self.customers) if who is None else who
        seen = self.exchange(Attempt("list", who, "/api/bookings/?when=upcoming&limit=20", method="GET"))
        places = {salon["id"]: place for place, salon in enumerate(self.salons)}
        for booking in bookings_shown(seen.answer) if seen.success() else ():
            if booking["status"] in ACTIVE and not self.salons[places[booking["salon"]]]["soon"]:
                self.board.put(self.entry(booking, who, places[booking["salon"]]))

    def look(self):
        if self.own:
            booking, customer, *_ = self.random.choice(self.own)
            self.exchange(Attempt("look", customer, f"/api/bookings/{booking}/", booking=booking, method="GET"))


class Out:
    """The lanes' common notebook."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, record):
        line = json.dumps(record, ensure_ascii=False)
        with self.lock:
            self.file.write(line + "\n")

    def close(self):
        self.file.close()


def _code(answer):
    try:
        return answer.json.get("code")
    except (Failure, AttributeError):
        return None


def _later(text, minutes):
    return (datetime.datetime.fromisoformat(text) + datetime.timedelta(minutes=minutes)).isoformat()


def _rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def main():
    orders = json.load(sys.stdin)
    out, board = Out(orders["out"]), Board(orders["board"])
    lanes = [Lane(orders, number, board, out) for number in range(orders["lanes"])]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    out.close()
    return 0 if all(lane.well for lane in lanes) else 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # no time lost on taking threads and sockets apart
