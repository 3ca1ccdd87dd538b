"""A provider that hangs, refuses, talks nonsense or hangs up: nobody else notices, nobody is charged."""
import contextlib
import threading

from lib.check import check, equal, eventually
from lib.crowd import at_once
from lib.phones import new_phone

REQUEST = "/api/auth/phone/request/"


def _ask(client, phone, **more):
    return client.post(REQUEST, {"phone_number": phone, "channel": "sms", **more})


@contextlib.contextmanager
def _behaving(w, **behaviour):
    """From a good state: after a row of failures the server does not even ask the partner for a while."""
    _codes_flow(w)
    w.authentica.behave(**behaviour)
    try:
        yield
    finally:
        w.authentica.reset()


def _codes_flow(w):
    server = w.authentica_server()
    eventually(lambda: _ask(w.client(server=server), new_phone()).status == 201, "codes are sent", patience=60)


def _unavailable(answer):
    answer.expect(503, "otp.provider_unavailable")
    check(int(answer.header("Retry-After")) > 0, f"Retry-After {answer.header('Retry-After')!r}")


def _fails_without_a_charge(w, behaviour):
    """503 with Retry-After; the phone may ask again at once; the dead code is no code."""
    client, phone = w.client("en", server=w.authentica_server()), new_phone()
    with _behaving(w, send=behaviour):
        _unavailable(_ask(client, phone))
    asked = _ask(client, phone).expect(201).json
    code = w.authentica.code(phone)
    client.post("/api/auth/phone/verify/", {"request_id": asked["request_id"], "code": code}).expect(200)


def a_provider_that_never_answers_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "silent"})


def a_provider_that_answers_500_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "error", "status": 500})


def a_provider_that_throttles_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "error", "status": 429, "retry_after": 5})
    _fails_without_a_charge(w, {"mode": "error", "status": 429})


def a_provider_that_refuses_our_key_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "error", "status": 401})


def a_provider_that_talks_nonsense_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "nonsense"})


def a_provider_that_says_nothing_in_its_200_is_503(w):
    _fails_without_a_charge(w, {"mode": "empty"})


def a_provider_that_hangs_up_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "drop"})


def a_provider_that_hangs_up_after_accepting_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "drop_accepted"})


def a_provider_that_closes_half_way_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "half"})


def a_provider_that_trickles_is_503_and_the_phone_is_not_charged(w):
    _fails_without_a_charge(w, {"mode": "trickle", "delay": 0.3})


def a_provider_that_never_stops_talking_is_503_and_fills_no_memory(w):
    _fails_without_a_charge(w, {"mode": "flood"})
    _fails_without_a_charge(w, {"mode": "huge_head"})


def a_provider_that_is_not_there_is_503_and_the_phone_is_not_charged(w):
    client, phone = w.client("en", server=w.authentica_server()), new_phone()
    _codes_flow(w)
    w.authentica.listening(False)
    try:
        _unavailable(_ask(client, phone))
    finally:
        w.authentica.listening(True)
    _ask(client, phone).expect(201)


def a_provider_that_failed_often_is_asked_again_when_it_is_back(w):
    with _behaving(w, send={"mode": "error", "status": 500}):
        for _ in range(15):
            _unavailable(_ask(w.client("en", server=w.authentica_server()), new_phone()))
    _codes_flow(w)


def failed_sends_do_not_fill_the_phone_window(w):
    server = w.authentica_server()
    phone = new_phone()
    with _behaving(w, phones={phone: {"send": {"mode": "error", "status": 500}}}):
        for _ in range(7):
            answer = _ask(w.client("en", server=server), phone)
            check(answer.status == 503, f"{answer.status} {answer.text}")
    _ask(w.client(server=server), phone).expect(201)


def while_the_provider_hangs_everything_else_is_answered(w):
    server = w.authentica_server()
    person, day = w.somebody("bystander").on(server), w.catalogue.staff_day(1)
    slow = [new_phone() for _ in range(100)]
    with _behaving(w, send={"mode": "silent"}):
        waiting = threading.Thread(target=lambda: at_once(slow, lambda phone: _ask(w.client(server=server), phone).status))
        waiting.start()
        eventually(lambda: w.authentica.state["waiting"] > 0, "requests wait at the provider")
        person.get("/healthz").expect(200)
        person.get("/api/salons/").expect(200)
        person.get("/api/auth/me/").expect(200)
        person.post("/api/bookings/", day.booking()).expect(201)
        check(w.authentica.state["waiting"] > 0, "nobody waited any more: the test showed nothing")
        waiting.join()


def a_hundred_that_wait_for_a_dead_provider_all_get_503(w):
    server = w.authentica_server()
    with _behaving(w, send={"mode": "silent"}):
        answers = at_once([new_phone() for _ in range(100)], lambda phone: _ask(w.client("en", server=server), phone))
    equal({answer.status for answer in answers}, {503}, "statuses")
    for answer in answers:
        check(int(answer.header("Retry-After")) > 0, "no Retry-After")


def five_hundred_may_wait_for_a_slow_provider(w):
    server = w.server(**w.authentica.settings(AUTHENTICA_TIMEOUT_SECONDS=30, REQUEST_TIMEOUT_MS=60000))
    with _behaving(w, send={"mode": "ok", "delay": 3}):
        statuses = at_once([new_phone() for _ in range(500)], lambda phone: _ask(w.client(server=server), phone).status)
    check(set(statuses) <= {201, 503}, f"statuses {set(statuses)}")
    check(statuses.count(201) >= 450, f"only {statuses.count(201)} of 500 got their code")


def a_client_that_leaves_while_the_provider_hangs_does_no_harm(w):
    server = w.authentica_server()
    body = '{"phone_number": "%s", "channel": "sms"}'
    with _behaving(w, send={"mode": "silent"}):
        for n in range(20):
            raw = body % new_phone()
            with w.wire(server=server) as wire:
                wire.send(f"POST {REQUEST} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                          f"X-Forwarded-For: 10.99.0.{n}\r\n"
                          f"Content-Length: {len(raw)}\r\n\r\n{raw}")
        eventually(lambda: w.authentica.state["waiting"] == 0, "nobody waits at the provider any more")
    w.client(server=server).get("/healthz").expect(200)
