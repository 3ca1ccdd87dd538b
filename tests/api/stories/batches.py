"""Creations gathered while a batch is under way: decided together, bounded, and told on /metrics."""
import contextlib
import threading

from lib.check import check, equal, eventually, within
from lib.database import Transaction
from lib.salons import Salon, at

PATH = "/api/bookings/"
ONE_BATCH = {"WORKERS": 1, "BOOKING_BATCHES": 1}


class _Asking:
    """A request under way, on a thread of its own."""

    def __init__(self, ask):
        self.result = None
        self.thread = threading.Thread(target=self._run, args=(ask,), daemon=True)
        self.thread.start()

    def _run(self, ask):
        self.result = ask()

    def answer(self):
        self.thread.join()
        return self.result


class _Held:
    """A batch that is kept under way: somebody keeps the row of the only member whom it is about locked."""

    def __init__(self, w, server, person):
        self.server, self.salon = server, Salon(w)
        self.lock = Transaction(w.pair.database_url)
        self.lock.one("SELECT id FROM catalogue_staff WHERE id = %s FOR UPDATE", self.salon.staff[0])
        self.asking = _Asking(lambda: person.on(server).post(PATH, self.salon.booking()))
        eventually(lambda: server.metric("mawid_booking_batches_under_way") == 1, "a batch is under way")

    def let_go(self):
        self.lock.commit()
        self.asking.answer().expect(201)


def _statements(server):
    """Of everybody but the work queue, which looks whether there is something to do."""
    metrics = server.metrics()
    return sum(sign * value for name, value in metrics.items()
               for family, sign in (("mawid_pg_statements_total", 1), ("mawid_work_statements_total", -1)) if name.startswith(family))


@contextlib.contextmanager
def _held_batch(w, server, person):
    held = _Held(w, server, person)
    try:
        yield held
    finally:
        held.let_go()


def those_who_come_while_a_batch_is_under_way_share_the_next(w):
    salon, people = Salon(w, staff=12), w.crowd(13)
    with w.own_server(**ONE_BATCH) as server:
        with _held_batch(w, server, people[12]):
            asking = [_Asking(lambda n=n: people[n].on(server).post(PATH, salon.booking(staff=n))) for n in range(12)]
            eventually(lambda: server.metric("mawid_bookings_waiting") == 12, "twelve wait")
            before = _statements(server)
        for one in asking:
            one.answer().expect(201)
        spent = _statements(server) - before
        equal(server.metric("mawid_booking_batches_total", size="5-16"), 1, "batches of twelve")
        equal(server.metric("mawid_booking_batches_total", size="1"), 1, "batches of one")
        equal(server.metric("mawid_bookings_total", outcome="created"), 13, "bookings made")
        equal(server.metric("mawid_bookings_waiting"), 0, "waiting in the end")
        equal(server.metric("mawid_booking_batches_under_way"), 0, "batches in the end")
        # A piece of work may come round, and one is the page's own; twelve statements would be one each.
        within(spent, 1, 5, "statements for twelve bookings")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 12, "rows in the database")


def a_lone_one_leaves_at_once_and_refusals_are_counted(w):
    salon, person, other = Salon(w), w.sign_in(), w.sign_in()
    with w.own_server(**ONE_BATCH) as server:
        person.on(server).post(PATH, salon.booking()).expect(201)
        other.on(server).post(PATH, salon.booking()).expect(409)
        other.on(server).post(PATH, salon.booking(at(-3, 12))).expect(400)
        equal(server.metric("mawid_booking_batches_total", size="1"), 3, "batches of one")
        for outcome in ("created", "slot_taken", "refused"):
            equal(server.metric("mawid_bookings_total", outcome=outcome), 1, outcome)


def more_than_may_wait_get_503_and_when_to_come_back(w):
    salon, people = Salon(w, staff=3), w.crowd(4)
    with w.own_server(**ONE_BATCH, BOOKING_QUEUE_MAX=2) as server:
        with _held_batch(w, server, people[3]):
            asking = [_Asking(lambda n=n: people[n].on(server).post(PATH, salon.booking(staff=n))) for n in range(2)]
            eventually(lambda: server.metric("mawid_bookings_waiting") == 2, "two wait")
            refused = people[2].on(server).as_language("en").post(PATH, salon.booking(staff=2)).expect(503)
            equal(refused.json["code"], "server.overloaded", "code")
            check(int(refused.header("Retry-After")) >= 1, "Retry-After")
        for one in asking:
            one.answer().expect(201)
        equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 2, "rows in the database")
        people[2].on(server).post(PATH, salon.booking(staff=2)).expect(201)
