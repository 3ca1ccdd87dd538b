"""What a request may cost the database, counted by Postgres itself (log_statement of our role)."""
import contextlib
import re
import threading

from lib.check import check, equal, within
from lib.phones import new_phone
from lib.salons import Salon, at

STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (?!SET )")
# Of the work queue and of what comes round by itself, which no request pays for.
WORK = re.compile(r"\bwork_|holds_sweep|WITH old AS|unnest\(\$1::text\[\]\)")
REQUEST, VERIFY = "/api/auth/phone/request/", "/api/auth/phone/verify/"
_lock = threading.Lock()


@contextlib.contextmanager
def _counting_server(w):
    """A server whose statements Postgres logs. Nobody else's sessions do that."""
    with _lock:
        w.superuser.rows("ALTER ROLE mawid SET log_statement = 'all'")
        try:
            with w.own_server(WORKERS=1, OTP_RESEND_COOLDOWN_SECONDS=0) as server:
                yield server
        finally:
            w.superuser.rows("ALTER ROLE mawid RESET log_statement")


def _cost(w, act):
    """(what act returned, the statements that Postgres ran for it)."""
    size = w.pair.log_size()
    result = act()
    # The line is written before the statement runs, and so before its answer can have come.
    lines = [line for line in w.pair.log_since(size).splitlines() if STATEMENT.search(line) and not WORK.search(line)]
    return result, lines


def _costs_at_most(w, most, what, act):
    result, lines = _cost(w, act)
    check(len(lines) <= most, f"{what} cost {len(lines)} statements, allowed {most}:\n" + "\n".join(lines)[:2000])
    return result


def logging_in_costs_three_statements(w):
    with _counting_server(w) as server:
        client = w.client("en", server=server)
        for phone in (new_phone(), new_phone()):
            since = server.log_size()
            asked = _costs_at_most(w, 1, "asking for a code",
                                   lambda: client.post(REQUEST, {"phone_number": phone, "channel": "sms"}).expect(201).json)
            code = server.message_after(phone, since)["code"]
            _costs_at_most(w, 2, "entering it",
                           lambda: client.post(VERIFY, {"request_id": asked["request_id"], "code": code}).expect(200))


def a_wrong_code_costs_two_statements_at_most(w):
    with _counting_server(w) as server:
        client = w.client("en", server=server)
        request_id, code = w.ask_code(client, new_phone())
        _costs_at_most(w, 2, "a wrong code", lambda: client.post(
            VERIFY, {"request_id": request_id, "code": f"{(int(code) + 1) % 10**6:06d}"}).expect(400))


def a_refused_request_costs_none(w):
    with _counting_server(w) as server:
        client, phone = w.client("en", server=server), new_phone()
        for _ in range(5):
            client.post(REQUEST, {"phone_number": phone, "channel": "sms"}).expect(201)
        _costs_at_most(w, 0, "a refusal by the limits",
                       lambda: client.post(REQUEST, {"phone_number": phone, "channel": "sms"}).expect(429))


def booking_costs_one_statement(w):
    person, salon = w.sign_in(), Salon(w)
    with _counting_server(w) as server:
        client = person.on(server).as_language("en")
        for n in (0, 1, 2):
            _costs_at_most(w, 1, "a booking", lambda: client.post("/api/bookings/", salon.booking(at(3, n))).expect(201))
        client.post("/api/bookings/", salon.booking(at(3, 0))).expect(409)  # the catalogue is known by heart from here on
        _costs_at_most(w, 3, "a refused booking with its alternatives",
                       lambda: client.post("/api/bookings/", salon.booking(at(3, 0))).expect(409))


def a_booking_costs_no_second_look_for_the_language(w):
    person, salon = w.sign_in(), Salon(w)
    with _counting_server(w) as server:
        client = person.on(server)  # no Accept-Language: the one she prefers counts
        for n in (0, 1):
            _costs_at_most(w, 1, "a booking", lambda: client.post("/api/bookings/", salon.booking(at(3, n))).expect(201))
        _costs_at_most(w, 1, "a refusal", lambda: client.post("/api/bookings/", salon.booking(at(-3, n))).expect(400))


def the_token_itself_costs_nothing(w):
    person = w.somebody()
    with _counting_server(w) as server:
        client = person.on(server).as_language("en")
        _costs_at_most(w, 1, "reading the profile", lambda: client.get("/api/auth/me/").expect(200))
        _costs_at_most(w, 1, "listing bookings", lambda: client.get("/api/bookings/").expect(200))
        client.token = "x.y.z"
        _costs_at_most(w, 0, "a bad token", lambda: client.get("/api/auth/me/").expect(401))
        client.token = None
        _costs_at_most(w, 0, "no token", lambda: client.get("/api/auth/me/").expect(401))


def refreshing_costs_one_statement(w):
    person = w.sign_in()
    with _counting_server(w) as server:
        client = w.client("en", server=server)
        token = person.refresh
        for _ in range(3):
            token = _costs_at_most(w, 1, "a refresh",
                                   lambda: client.post("/api/auth/token/refresh/", {"refresh": token}).expect(200).json["refresh"])


def what_is_refused_at_the_door_costs_nothing(w):
    with _counting_server(w) as server:
        client = w.client("en", server=server)
        _costs_at_most(w, 0, "bad requests", lambda: [
            client.get("/nowhere/").expect(404), client.delete("/api/salons/").expect(405),
            client.post(REQUEST, {"phone_number": "abc", "channel": "sms"}).expect(400),
            client.post(REQUEST, {}).expect(400), client.get("/healthz").expect(200)])


def the_count_itself_works(w):
    with _counting_server(w) as server:
        client = w.somebody().on(server)
        _, lines = _cost(w, lambda: client.get("/api/auth/me/").expect(200))
        within(len(lines), 1, 1, "statements of reading the profile")
        equal(_cost(w, lambda: None)[1], [], "statements of nothing")
