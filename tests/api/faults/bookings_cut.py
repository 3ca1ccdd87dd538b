"""Postgres ends in the middle of a booking: the answer says whether that is known not to be done, or not
known; with a key, asking again settles it. Whatever happened, it happened once."""
import contextlib
import itertools
import random
import threading

import psycopg2

from lib.bookings import PATH
from lib.check import check, equal, eventually
from lib.database import Database
from lib.salons import Salon, at

_serial = itertools.count(1)


def _book(client, body, key=None):
    return client.post(PATH, body, headers={"Idempotency-Key": key} if key else {})


def _settle(client, body, key):
    """Asks again until that is answered for good."""
    return eventually(lambda: next((a for a in [_book(client, body, key)] if a.status != 503), None), "settled", patience=60)


def _not_done_or_unknown(answer):
    answer.expect(503)
    check(answer.json["code"] in ("server.unavailable", "server.unknown_outcome"), answer.text)
    check(int(answer.header("Retry-After")) > 0, "Retry-After")


@contextlib.contextmanager
def _commits_that_nobody_hears_of(w):
    """A commit is made and on disk, and then waits for a standby that does not exist."""
    w.superuser.rows("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    w.superuser.rows("SELECT pg_reload_conf()")
    try:
        _until_commits_wait(w)
        yield
    finally:
        w.superuser.rows("SET synchronous_commit = local")
        w.superuser.rows("ALTER SYSTEM RESET synchronous_standby_names")
        w.superuser.rows("SELECT pg_reload_conf()")


def _until_commits_wait(w):
    """A setting is read again by and by: commits something until that waits, and lets it go."""
    probe, enough = Database(w.pair.database_url, "postgres"), threading.Event()
    pid = probe.one("SELECT pg_backend_pid()")

    def commit():
        while not enough.is_set():
            probe.rows("SELECT pg_logical_emit_message(true, 'probe', '')")

    committing = threading.Thread(target=commit)
    committing.start()
    try:
        eventually(lambda: w.superuser.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = %s", pid),
                   "commits wait")
    finally:
        enough.set()
        w.superuser.rows("SELECT pg_cancel_backend(%s)", pid)
        committing.join()
        probe.close()


def _cut_those_who_committed(w):
    """Ends the connections whose commit is made. True: there was one."""
    return w.superuser.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'mawid'")


def a_booking_that_postgres_took_with_it_is_made_when_asked_again(w):
    w.wait_until_well()
    salon, client, key, answers = Salon(w), w.sign_in(), "taken-with-it", []
    blocker = psycopg2.connect(w.pair.database_url)
    with contextlib.suppress(psycopg2.Error), contextlib.closing(blocker):
        blocker.cursor().execute("SELECT 1 FROM catalogue_staff WHERE id = %s FOR UPDATE", (salon.staff[0],))
        waiting = threading.Thread(target=lambda: answers.append(_book(client, salon.booking(), key)))
        waiting.start()
        eventually(lambda: w.superuser.one("SELECT count(*) FROM pg_locks WHERE NOT granted"), "the booking is under way")
        w.pair.act("kill-pg")
        waiting.join()
        w.pair.act("start-pg")
    _not_done_or_unknown(answers[0])
    w.wait_until_well()
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 0, "bookings after the crash")
    first = _settle(client, salon.booking(), key).expect(201)
    equal(first.header("Idempotency-Replayed"), None, "it is the first")
    equal(_book(client, salon.booking(), key).expect(201).body, first.body, "body of a replay")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 1, "bookings")


def a_booking_whose_commit_was_not_heard_of_is_unknown_and_found_by_its_key(w):
    w.wait_until_well()
    salon, client, key, answers = Salon(w), w.sign_in(), "not-heard-of", []
    with _commits_that_nobody_hears_of(w):
        waiting = threading.Thread(target=lambda: answers.append(_book(client, salon.booking(), key)))
        waiting.start()
        eventually(lambda: _cut_those_who_committed(w), "the commit waits")
        waiting.join()
    answers[0].expect(503, "server.unknown_outcome")
    check(int(answers[0].header("Retry-After")) > 0, "Retry-After")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 1, "bookings, though nobody was told")
    again = _settle(client, salon.booking(), key).expect(201)
    equal(again.header("Idempotency-Replayed"), "true", "it was made the first time")
    equal(again.json["id"], w.db.one("SELECT id FROM bookings_booking WHERE salon_id = %s", salon.id), "id")


def a_move_whose_commit_was_not_heard_of_is_unknown_and_made_once(w):
    w.wait_until_well()
    salon, client, answers = Salon(w), w.sign_in(), []
    made = _book(client, salon.booking()).expect(201).json
    with _commits_that_nobody_hears_of(w):
        waiting = threading.Thread(target=lambda: answers.append(client.post(f"{PATH}{made['id']}/cancel/", {"version": 1})))
        waiting.start()
        eventually(lambda: _cut_those_who_committed(w), "the commit waits")
        waiting.join()
    answers[0].expect(503, "server.unknown_outcome")
    eventually(lambda: client.post(f"{PATH}{made['id']}/cancel/", {"version": 1}).status == 409, "asked again it has moved")
    equal(client.get(f"{PATH}{made['id']}/").expect(200).json["status"], "cancelled", "status")
    equal(w.db.one("SELECT count(*) FROM bookings_history WHERE booking_id = %s", made["id"]), 2, "history lines")


def under_cuts_and_crashes_each_key_has_one_effect(w):
    """Six people book one after the other, each with its key, asking again until it is settled, while
    connections are cut and Postgres is killed."""
    w.wait_until_well()
    people, tries, over, told, wrong = 6, 25, threading.Event(), {}, []
    salon, clients = Salon(w, staff=people), [w.sign_in().as_language("en") for _ in range(people)]

    def live(client, n):
        try:
            for turn in range(tries):
                key, body = f"cut-{next(_serial)}", salon.booking(at(3 + turn // 24, turn % 24), n)
                answer = told[key] = _settle(client, body, key).expect(201)
                if turn % 3 == 0:
                    equal(_settle(client, body, key).body, answer.body, "body of a replay")
        except Exception as error:
            wrong.append(error)

    def trouble():
        chance = random.Random(7)
        while not over.wait(0.15):
            if chance.random() < 0.08:
                w.pair.act("kill-pg")
                w.pair.act("start-pg")
            else:
                with contextlib.suppress(psycopg2.Error):
                    w.superuser.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mawid' "
                                     "AND random() < 0.3")

    with w.own_server(BOOKING_OPEN_MAX=0) as server:
        threads = [threading.Thread(target=live, args=(client.on(server), n)) for n, client in enumerate(clients)]
        chaos = threading.Thread(target=trouble)
        for thread in [*threads, chaos]:
            thread.start()
        for thread in threads:
            thread.join()
        over.set()
        chaos.join()
        w.wait_until_well()
    equal([repr(error) for error in wrong], [], "what went wrong")
    ids = [answer.json["id"] for answer in told.values()]
    equal((len(ids), len(set(ids))), (people * tries, people * tries), "keys, and bookings that were told")
    equal({row["id"] for row in w.db.rows("SELECT id FROM bookings_booking WHERE salon_id = %s", salon.id)}, set(ids), "bookings")
