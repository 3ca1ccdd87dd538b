"""Idempotency-Key: asked twice, done once, answered alike; whatever is in between."""
import contextlib
import itertools
import json
import threading

import psycopg2

from lib.check import absent, check, equal, eventually
from lib.crowd import at_once
from lib.salons import Salon, at

PATH = "/api/bookings/"
_serial = itertools.count(1)


def _key():
    return f"story-{next(_serial)}"


def _book(client, body, key, **headers):
    return client.post(PATH, body, headers={"Idempotency-Key": key, **headers})


def _count(w, salon):
    return w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id)


def a_storm_of_100_twins_has_one_effect_and_one_answer(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    twins = [client.as_language("en") for _ in range(100)]
    answers = at_once(twins, lambda twin: _book(twin, salon.booking(), key))
    equal({answer.status for answer in answers}, {201}, "statuses")
    equal(len({answer.body for answer in answers}), 1, "different bodies")
    equal(_count(w, salon), 1, "bookings")
    equal(w.db.one("SELECT count(*) FROM bookings_history WHERE booking_id = %s", answers[0].json["id"]), 1, "history")
    equal(sum(answer.header("Idempotency-Replayed") is None for answer in answers), 1, "answers that are the first")


def asked_again_later_the_answer_is_the_same_whatever_has_changed(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    first = _book(client, salon.booking(notes="now"), key).expect(201)
    client.post(f"{PATH}{first.json['id']}/cancel/", {}).expect(200)
    salon.change(name_en="Another name", name_ar="اسم آخر", timezone="Europe/Berlin")
    equal(_book(client, salon.booking(notes="now"), key).expect(201).body, first.body, "body")
    equal(_count(w, salon), 1, "bookings")


def the_language_of_the_first_answer_is_the_one_of_all(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    first = _book(client.as_language("en"), salon.booking(), key).expect(201)
    equal(_book(client.as_language("ar"), salon.booking(), key).expect(201).body, first.body, "body")
    equal(first.json["service_name"], "Service", "language")


def another_server_gives_the_same_bytes(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    with w.own_server() as server:
        first = _book(client.on(server), salon.booking(), key).expect(201)
    with w.own_server() as server:  # as after a restart
        equal(_book(client.on(server), salon.booking(), key).expect(201).body, first.body, "body")
    equal(_book(client.on(w.main), salon.booking(), key).expect(201).body, first.body, "body")
    equal(_count(w, salon), 1, "bookings")


def twins_at_two_servers_have_one_effect(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    with w.own_server() as other:
        servers = [other, w.main] * 10
        clients = [client.on(server) for server in servers]
        answers = at_once(clients, lambda twin: _book(twin, salon.booking(), key))
    equal({answer.status for answer in answers}, {201}, "statuses")
    equal(len({answer.body for answer in answers}), 1, "different bodies")
    equal(_count(w, salon), 1, "bookings")


def a_storm_over_two_servers_has_one_effect_and_one_answer(w):
    """All that may differ between the answers is Date, X-Request-Id and Idempotency-Replayed, which says that
    it is not the first."""
    salon, client, key = Salon(w, staff=3), w.sign_in(), _key()
    with w.own_server() as other:
        twins = [client.on(other if n % 2 else w.main) for n in range(100)]
        answers = at_once(twins, lambda twin: _book(twin, salon.booking(staff=None), key))
    equal({answer.status for answer in answers}, {201}, "statuses")
    equal(len({answer.body for answer in answers}), 1, "different bodies")
    heads = {tuple(sorted((name.lower(), value) for name, value in answer.headers
                          if name.lower() not in ("date", "x-request-id", "idempotency-replayed"))) for answer in answers}
    equal(len(heads), 1, f"different heads: {heads}")
    equal(sum(answer.header("Idempotency-Replayed") is None for answer in answers) <= 2, True, "at most a batch at each server is the first")
    equal((_count(w, salon), _kept(w, client)), (1, 1), "bookings, kept answers")


def no_twin_for_anybody_hears_that_the_time_is_taken(w):
    """By the other twin, that is: whoever sees its booking sees its key as well. Rounds enough to meet the
    moment between two looks."""
    salon, client = Salon(w), w.sign_in()
    with w.own_server() as other:
        twins = [client.on(other if n % 2 else w.main) for n in range(8)]
        for _ in range(60):
            key = _key()
            answers = at_once(twins, lambda twin, key=key: _book(twin, salon.booking(staff=None), key))
            equal({answer.status for answer in answers}, {201}, "statuses")
            client.post(f"/api/bookings/{answers[0].json['id']}/cancel/", {}).expect(200)


def _kept(w, client):
    return w.db.one("SELECT count(*) FROM idempotency_key WHERE caller_id = %s", client.user["id"])


def a_twin_that_comes_while_the_first_is_under_way_waits_for_it(w):
    """The first is stopped inside the database; the twin, at another server, says nothing until it is done."""
    salon, client, key, answers = Salon(w), w.sign_in(), _key(), []
    blocker = psycopg2.connect(w.pair.database_url)
    with contextlib.closing(blocker), blocker.cursor() as cursor, w.own_server() as other:
        cursor.execute("SELECT 1 FROM catalogue_staff WHERE id = %s FOR UPDATE", (salon.staff[0],))
        threads = [threading.Thread(target=lambda at=server: answers.append(_book(client.on(at), salon.booking(), key)))
                   for server in (w.main, other)]
        for thread in threads:
            thread.start()
        eventually(lambda: w.superuser.one("SELECT count(*) FROM pg_locks WHERE NOT granted") >= 2, "both wait")
        equal(answers, [], "answers while the first is under way")
        blocker.rollback()
        for thread in threads:
            thread.join()
    equal([answer.status for answer in answers], [201, 201], "statuses")
    equal(len({answer.body for answer in answers}), 1, "different bodies")
    equal(_count(w, salon), 1, "bookings")


def another_wish_under_a_key_that_is_under_way_waits_and_is_refused(w):
    salon, client, key, answers = Salon(w, staff=2), w.sign_in(), _key(), {}
    blocker = psycopg2.connect(w.pair.database_url)
    with contextlib.closing(blocker), blocker.cursor() as cursor, w.own_server() as other:
        cursor.execute("SELECT 1 FROM catalogue_staff WHERE id = %s FOR UPDATE", (salon.staff[0],))
        def ask(server, staff):
            answers[staff] = _book(client.on(server), salon.booking(staff=staff), key)
        threads = []
        for server, staff in ((w.main, 0), (other, 1)):
            threads.append(threading.Thread(target=ask, args=(server, staff)))
            threads[-1].start()
            eventually(lambda: w.superuser.one("SELECT count(*) FROM pg_locks WHERE NOT granted") >= len(threads), "it waits")
        blocker.rollback()
        for thread in threads:
            thread.join()
    answers[0].expect(201)
    answers[1].expect(422, "idempotency.key_reused")
    equal(_count(w, salon), 1, "bookings")


def when_the_first_is_refused_its_twin_is_decided_by_itself(w):
    """Both meet a rival's booking that is not committed: the first loses to it, and so must its twin, or, if
    the rival gives up, one of them gets the time."""
    for rival_stays in (True, False):
        salon, client, key, answers = Salon(w), w.sign_in(), _key(), []
        rival = psycopg2.connect(w.pair.database_url)
        with rival.cursor() as cursor, w.own_server() as other:
            cursor.execute("SELECT refused FROM bookings_decide(0, 0, 0, ARRAY[%s], ARRAY[%s], '{0}', '{\"\"}', '{rival}', '{\"\"}', "
                           "'{\"\"}', '{\"\"}', '{1}', ARRAY[%s], ARRAY[%s], ARRAY[%s::timestamptz])",
                           (w.somebody("rival").user["id"], salon.id, salon.service, salon.staff[0], at(3, 12)))
            equal(cursor.fetchone()[0], None, "why the rival was refused")
            threads = [threading.Thread(target=lambda at=server: answers.append(_book(client.on(at), salon.booking(), key)))
                       for server in (w.main, other)]
            for thread in threads:
                thread.start()
            eventually(lambda: w.superuser.one("SELECT count(*) FROM pg_locks WHERE NOT granted") >= 2, "both wait")
            (rival.commit if rival_stays else rival.rollback)()
            for thread in threads:
                thread.join()
        rival.close()
        equal([answer.status for answer in answers], [409, 409] if rival_stays else [201, 201], "statuses")
        equal((_count(w, salon), _kept(w, client)), (1, 0) if rival_stays else (1, 1), "bookings, kept answers")


def a_key_whose_booking_was_moved_still_has_its_first_answer(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    first = _book(client, salon.booking(hold=True), key).expect(201)
    path = f"{PATH}{first.json['id']}/"
    client.post(path + "confirm/", {}).expect(200)
    client.post(path + "reschedule/", {"starts_at": at(4, 15)}).expect(200)
    client.post(path + "cancel/", {}).expect(200)
    again = _book(client, salon.booking(hold=True), key).expect(201)
    equal((again.body, again.header("Idempotency-Replayed")), (first.body, "true"), "body and mark")
    equal(client.get(path).expect(200).json["status"], "cancelled", "what it is by now")


def the_same_wish_in_other_bytes_is_another_request(w):
    """What is compared is what was sent: a client that asks again sends the same bytes."""
    salon, client, key = Salon(w), w.sign_in(), _key()
    body = json.dumps(salon.booking())
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    first = client.request("POST", PATH, body=body.encode(), headers=headers).expect(201)
    equal(client.request("POST", PATH, body=body.encode(), headers=headers).expect(201).body, first.body, "body")
    client.request("POST", PATH, body=(body + " ").encode(), headers=headers).expect(422, "idempotency.key_reused")
    equal(client.request("POST", PATH.rstrip("/"), body=body.encode(), headers=headers).expect(201).body, first.body,
          "body, without the slash at the end")


def a_key_for_another_request_is_refused(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    _book(client, salon.booking(), key).expect(201)
    for language, text in (("en", "This Idempotency-Key was used for another request."),
                           ("ar", "استُخدم Idempotency-Key هذا لطلب آخر.")):
        answer = _book(client.as_language(language), salon.booking(at(3, 15)), key).expect(422, "idempotency.key_reused")
        equal(answer.json["detail"], text, "detail")
    equal(_count(w, salon), 1, "bookings")


def keys_belong_to_their_caller(w):
    salon, key = Salon(w), _key()
    one = _book(w.sign_in(), salon.booking(), key).expect(201).json
    two = _book(w.sign_in(), salon.booking(at(3, 15)), key).expect(201).json
    check(one["id"] != two["id"], "one caller got another's booking")


def a_refusal_is_not_kept_so_the_same_key_decides_anew(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    other = w.booker().post(PATH, salon.booking()).expect(201).json
    _book(client, salon.booking(), key).expect(409, "booking.slot_taken")
    w.db.rows("UPDATE bookings_booking SET status = 'cancelled' WHERE id = %s", other["id"])
    _book(client, salon.booking(), key).expect(201)


def a_visit_is_replayed_as_a_whole(w):
    salon, client, key = Salon(w, staff=2), w.sign_in(), _key()
    body = {"salon": salon.id, "items": [{"service": salon.service, "staff": salon.staff[n], "starts_at": at(3, 12 + n)} for n in (1, 0)]}
    first = _book(client, body, key).expect(201)
    equal(_book(client, body, key).expect(201).body, first.body, "body")
    equal(_count(w, salon), 2, "bookings")


def a_key_may_be_quoted(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    first = _book(client, salon.booking(), key).expect(201)
    equal(_book(client, salon.booking(), f'"{key}"').expect(201).body, first.body, "body")


def what_is_no_key_is_refused(w):
    salon, client = Salon(w), w.sign_in()
    for language, text in (("en", "Idempotency-Key must be 1 to 255 visible ASCII characters."),
                           ("ar", "يجب أن يتكون Idempotency-Key من 1 إلى 255 حرفًا مرئيًا من ASCII.")):
        for wrong in ("", '""', '"', "two words", "x" * 256, '"a"b"', "tab\tbed"):
            answer = _book(client.as_language(language), salon.booking(), wrong).expect(400, "idempotency.key_invalid")
            equal(answer.json["detail"], text, "detail")
    equal(_count(w, salon), 0, "bookings")
    _book(client, salon.booking(), "x" * 255).expect(201)


def two_keys_are_no_key(w):
    salon, client, one = Salon(w), w.sign_in(), _key()
    body = json.dumps(salon.booking()).encode()
    head = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n")
    with w.wire() as wire:
        for first, second in ((one, _key()), (one, one), (one, ""), ("", one)):
            wire.send(f"{head}Idempotency-Key: {first}\r\nX-Between: y\r\nidempotency-key: {second}\r\n\r\n".encode() + body)
            wire.answer().expect(400, "idempotency.key_invalid")
    equal(_count(w, salon), 0, "bookings")
    _book(client, salon.booking(), one).expect(201)


def keys_are_good_for_a_day_and_then_forgotten(w):
    salon, client, key = Salon(w), w.sign_in(), _key()
    first = _book(client, salon.booking(), key).expect(201).json
    left = w.db.one("SELECT extract(epoch FROM expires_at - now())::float FROM idempotency_key WHERE caller_id = %s", client.user["id"])
    check(86000 < left <= 86400, f"{left} s left")
    w.db.rows("UPDATE idempotency_key SET expires_at = now() - interval '1 second' WHERE caller_id = %s", client.user["id"])
    second = _book(client, salon.booking(at(3, 15)), key).expect(201).json
    check(second["id"] != first["id"], "an old key still counts")


def old_keys_are_swept(w):
    salon, client = Salon(w), w.sign_in()
    _book(client, salon.booking(), _key()).expect(201)
    w.db.rows("UPDATE idempotency_key SET expires_at = now() - interval '1 second' WHERE caller_id = %s", client.user["id"])
    w.hasten("keys.forget")
    eventually(lambda: w.db.one("SELECT count(*) FROM idempotency_key WHERE caller_id = %s", client.user["id"]) == 0, "swept")


def without_a_key_the_same_request_twice_is_two_requests(w):
    salon, client = Salon(w, staff=2), w.sign_in()
    ids = {client.post(PATH, salon.booking(staff=None)).expect(201).json["id"] for _ in range(2)}
    equal(len(ids), 2, "bookings")


def keys_are_not_logged(w):
    salon, client, key = Salon(w), w.sign_in(), "secret-looking-key-4711"
    since = w.main.log_size()
    _book(client, salon.booking(), key).expect(201)
    absent(w.main.log(since), key, "the log")
