"""Postgres restarted, killed or stopped under traffic: 503 meanwhile, then as before, and nothing lost
that was answered with success."""
import contextlib
import threading
import time

import psycopg2

from lib.check import check, equal, eventually
from lib.crowd import Traffic
from lib.phones import new_phone
from lib.salons import Salon, everybody_knows


class Bookings:
    """Traffic of people who book and cancel, each on a day of staff of their own; remembers every 2xx."""

    def __init__(self, w, people=6):
        w.wait_until_well()
        self.world = w
        self.people = [person.as_language("en") for person in w.crowd(people)]
        self.days = w.catalogue.staff_days(people, slots=1)
        self.promised = {}  # booking id -> the status that was last answered with success
        self.last = [None] * people
        self.traffic = Traffic(people, self.step)

    def step(self, number):
        """Books the slot, or cancels what was booked by the step before. Unclear outcomes are looked up."""
        person, day, booked = self.people[number], self.days[number], self.last[number]
        if booked is None:
            answer = person.post("/api/bookings/", day.booking())
            if answer.status == 201:
                self.last[number] = answer.json["id"]
                self.promised[answer.json["id"]] = answer.json["status"]
            elif answer.status == 409:
                # Answered 503, yet made: what "unknown" means. Find it and go on from there.
                open_ones = person.get("/api/bookings/?when=upcoming&limit=100")
                if open_ones.status == 200:
                    here = [b["id"] for b in open_ones.json["results"] if b["status"] in ("confirmed", "pending")]
                    self.last[number] = here[-1] if here else None
        else:
            answer = person.post(f"/api/bookings/{booked}/cancel/", {"reason": "traffic"})
            if answer.status == 200:
                self.promised[booked] = "cancelled"
            if answer.status in (200, 409):
                self.last[number] = None
        return answer

    def more(self, count=30):
        goal = self.successes() + count
        eventually(lambda: self.successes() >= goal, f"{count} more requests succeed", patience=60)

    def successes(self):
        return sum(1 for r in list(self.traffic.results) if not isinstance(r, Exception) and r.status in (200, 201))

    def judge(self):
        """Every answer was in order, and the database knows everything that was promised."""
        results = self.traffic.results
        equal([repr(r) for r in results if isinstance(r, Exception)][:3], [], "broken exchanges")
        odd = [f"{r.status} {r.text}" for r in results if r.status not in (200, 201, 409, 503)]
        equal(odd[:3], [], "odd answers")
        for answer in results:
            if answer.status == 503:
                check(int(answer.header("Retry-After") or 0) > 0, f"503 without Retry-After: {answer.text}")
        check(self.promised, "nothing was booked")
        rows = {row["id"]: row["status"] for row in self.world.db.rows(
            "SELECT id, status FROM bookings_booking WHERE id = ANY(%s)", list(self.promised))}
        equal(sorted(self.promised.keys() - rows.keys()), [], "bookings answered 201 that are not in the database")
        for number, status in self.promised.items():
            check(rows[number] in (status, "cancelled"), f"booking {number}: promised {status}, is {rows[number]}")


@contextlib.contextmanager
def _postgres_down(w, how="stop-pg"):
    w.pair.act(how)
    try:
        yield
    finally:
        w.pair.act("start-pg")


def postgres_restarted_under_traffic_loses_no_success(w):
    bookings = Bookings(w)
    with bookings.traffic:
        for _ in range(2):
            bookings.more()
            w.pair.act("restart-pg")
        bookings.more()
    bookings.judge()


def postgres_killed_under_traffic_loses_no_success(w):
    bookings = Bookings(w)
    with bookings.traffic:
        for _ in range(2):
            bookings.more()
            w.pair.act("kill-pg")
            w.pair.act("start-pg")
        bookings.more()
    bookings.judge()


def connections_cut_one_by_one_under_traffic_lose_no_success(w):
    bookings = Bookings(w)
    with bookings.traffic:
        for _ in range(10):
            bookings.more(10)
            w.superuser.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mawid' "
                             "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.5")
        bookings.more(10)
    bookings.judge()


def while_postgres_is_down_everything_that_needs_it_is_503_with_retry_after(w):
    w.wait_until_well()
    person, day = w.sign_in(), w.catalogue.staff_day(1)
    code = {"request_id": "7b2f4a52-6d0e-4a39-8d53-0d0f8f4d1c11", "code": "123456"}
    asking = {"phone_number": new_phone(), "channel": "sms"}
    with _postgres_down(w):
        for answer in (person.get("/api/auth/me/"), person.patch("/api/auth/me/", {"first_name": "x"}),
                       person.get("/api/bookings/"), person.get("/api/bookings/1/"), person.post("/api/bookings/", day.booking()),
                       person.post("/api/bookings/1/cancel/", {}), person.get(day.slots_path()),
                       w.client().post("/api/auth/phone/request/", asking), w.client().post("/api/auth/otp/request/", asking),
                       w.client().post("/api/auth/phone/verify/", code), w.client().post("/api/auth/otp/verify/", code),
                       w.client().post("/api/auth/token/refresh/", {"refresh": person.refresh})):
            answer.expect(503, "server.unavailable")
            check(int(answer.header("Retry-After")) > 0, "Retry-After")
        w.client().get("/healthz").expect(200)
        answer = w.client().get("/readyz").expect(503)
        check(answer.json["postgres"] != "ok", f"readyz does not name Postgres: {answer.text}")
        w.client(token="x.y.z").get("/api/auth/me/").expect(401)
        w.client().post("/api/auth/phone/request/", {"phone_number": "abc"}).expect(400)
    w.wait_until_well()
    person.get("/api/auth/me/").expect(200)


def salons_are_shown_from_memory_for_a_while_and_times_never(w):
    w.wait_until_well()
    salon = Salon(w, name_en="Shown Before")
    kept = [f"/api/salons/{salon.id}/", f"/api/salons/{salon.id}/staff/", "/api/salons/?limit=2"]
    with w.own_server(WORKERS=1, CATALOGUE_STALE_SECONDS=8) as server:
        client = w.client(server=server)
        before = [client.get(path).expect(200).body for path in kept]
        with _postgres_down(w):
            equal([client.get(path).expect(200).body for path in kept], before, "what was in memory")
            salon.slots(client).expect(503, "server.unavailable")
            client.get("/api/salons/1/").expect(503, "server.unavailable")  # nobody asked for it yet
            eventually(lambda: client.get(kept[0]).expect(200) and server.metric("mawid_catalogue_stale_total") > 0, "it is counted")
            for path in kept:
                eventually(lambda path=path: client.get(path).status == 503, f"{path} is too old")
        eventually(lambda: client.get(kept[0]).status == 200, "Postgres is back")
        salon.change(name_en="Shown After")
        everybody_knows()
        equal(client.get(kept[0]).expect(200).json["name_en"], "Shown After", "name")


def without_a_memory_salons_need_postgres(w):
    w.wait_until_well()
    with w.own_server(WORKERS=1, CATALOGUE_CACHE_MB=0) as server:
        paths = ("/api/salons/", "/api/salons/1/", "/api/salons/1/services/", "/api/salons/1/staff/")
        for path in paths:
            w.client(server=server).get(path).expect(200)
        with _postgres_down(w):
            for path in paths:
                check(int(w.client(server=server).get(path).expect(503, "server.unavailable").header("Retry-After")) > 0, "Retry-After")


def a_code_that_could_not_be_stored_does_not_charge_the_phone(w):
    w.wait_until_well()
    phone = new_phone()
    with _postgres_down(w):
        w.client().post("/api/auth/phone/request/", {"phone_number": phone, "channel": "sms"}).expect(503)
    w.wait_until_well()
    w.client().post("/api/auth/phone/request/", {"phone_number": phone, "channel": "sms"}).expect(201)


def without_postgres_migrate_says_so_in_one_line(w):
    with _postgres_down(w):
        code, _, err = w.command("migrate")
        equal(code, 1, "exit code of migrate")
        equal(len(err.strip().splitlines()), 1, f"lines on stderr: {err}")
    eventually(lambda: w.main.admin("/readyz")[0] == 200, "readyz is 200 again")


def a_locked_table_is_503_and_then_normal(w):
    """Somebody holds the staff row: the booking gives up in time, others of other staff go on."""
    w.wait_until_well()
    person, salon = w.sign_in(), Salon(w, staff=2)
    held, free = salon.booking(staff=0), salon.booking(staff=1)
    blocker = psycopg2.connect(w.pair.database_url)
    try:
        with blocker.cursor() as cursor:
            cursor.execute("SELECT 1 FROM catalogue_staff WHERE id = %s FOR UPDATE", (held["staff"],))
            server = w.server(PG_LOCK_TIMEOUT_MS=700, REQUEST_TIMEOUT_MS=5000)
            client, seen = person.on(server), []
            waiting = threading.Thread(target=lambda: seen.append(client.post("/api/bookings/", held)))
            waiting.start()
            w.somebody("not blocked").on(server).post("/api/bookings/", free).expect(201)
            waiting.join()
            seen[0].expect(503)
            check(int(seen[0].header("Retry-After")) > 0, "Retry-After")
    finally:
        blocker.close()
    person.post("/api/bookings/", held).expect(201)


def work_waits_quietly_and_goes_on(w):
    """Nothing is claimed meanwhile and little is asked; one line in the log when it begins and one when it is over."""
    with w.own_server(WORKERS=2) as server:
        done = lambda: server.metric("mawid_work_attempts_total", kind="booking.holds", outcome="done")
        failed = lambda: server.metric("mawid_work_looks_total", result="failed")
        eventually(lambda: server.metric("mawid_work_looks_total", result="ok") >= 4, "both workers look for work")
        with _postgres_down(w):
            eventually(lambda: failed() >= 4, "it is tried again")
            tried = failed()
            time.sleep(5)
            check(failed() - tried <= 20, f"{failed() - tried} looks in 5 s: not quiet")
        before = done()
        w.hasten("booking.holds")
        eventually(lambda: done() > before or w.hasten("booking.holds"), "work goes on", patience=40)
        told = lambda: [record["event"] for record in server.log_records() if record.get("event") in ("work_waits", "work_goes_on")]
        eventually(lambda: told()[-1:] == ["work_goes_on"], "both workers are back")
        equal(told(), ["work_waits", "work_goes_on"], "lines about it")
