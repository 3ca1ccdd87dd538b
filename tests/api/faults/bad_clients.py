"""Clients that are slow, greedy, broken or many: they hurt themselves and nobody else."""
import contextlib
import random
import resource
import socket
import struct

from lib.check import Skipped, check, equal, eventually
from lib.client import Wire
from lib.flood import Flood

HEAD = "POST /api/auth/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
GET = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def _impatient(w):
    """A server with short time-outs, shared."""
    return w.server(HEAD_TIMEOUT_SECONDS=1, BODY_TIMEOUT_SECONDS=1, IDLE_TIMEOUT_SECONDS=2, WRITE_TIMEOUT_SECONDS=1)


def _alive(w, server):
    w.client(server=server).get("/healthz").expect(200)


# ---- slow ----

def a_client_that_sends_a_byte_a_second_is_cut_off_with_408(w):
    server = _impatient(w)
    with w.wire(server=server) as wire:
        wire.socket.settimeout(0.3)
        answer = None
        for byte in HEAD * 20:
            wire.send(byte)
            with contextlib.suppress(TimeoutError):
                answer = wire.answer()
                break
        check(answer is None or answer.status == 408, f"status {answer and answer.status}")
        wire.socket.settimeout(20)
        check(wire.closed(), "the connection is still open")
    if answer is not None:
        w.contract.judge("POST", "/api/auth/token/", answer)


def a_slow_head_is_answered_408(w):
    with w.wire(server=_impatient(w)) as wire:
        wire.send("GET /healthz HTT")
        equal(wire.answer().expect(408, "request.timeout").header("Connection"), "close", "Connection")
        check(wire.closed(), "the connection is still open")


def a_slow_body_is_answered_408(w):
    with w.wire(server=_impatient(w)) as wire:
        wire.send(HEAD.replace("/token/", "/phone/request/") + "Content-Length: 100\r\n\r\n{")
        wire.answer().expect(408, "request.timeout")
        check(wire.closed(), "the connection is still open")


def a_connection_that_says_nothing_is_closed(w):
    with w.wire(server=_impatient(w)) as wire:
        check(wire.closed(), "the connection is still open")


def a_kept_connection_that_says_no_more_is_closed(w):
    with w.wire(server=_impatient(w)) as wire:
        wire.send(GET)
        equal(wire.answer().status, 200, "status")
        check(wire.closed(), "the connection is still open")


def two_thousand_slow_clients_keep_nobody_from_being_served(w):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2500:
        raise Skipped("a process may not have 2500 files open here")
    with w.own_server(HEAD_TIMEOUT_SECONDS=20) as server:
        wires = [Wire(server.place) for _ in range(2000)]
        for wire in wires:
            wire.send("GET /healthz HTTP/1.1\r\nX-")
        _alive(w, server)
        w.client(server=server).get("/api/salons/").expect(200)
        for wire in wires:
            wire.send("A: b\r\nHost: a\r\n\r\n")
        equal({wire.answer().status for wire in wires}, {200}, "statuses when they go on")
        for wire in wires:
            wire.close()


def a_client_that_never_reads_is_cut_off(w):
    with w.own_server(WRITE_TIMEOUT_SECONDS=1, WORKERS=1) as server, socket.socket() as deaf:
        before = server.metric("mawid_connections")
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(server.place)
        check(_taken_until_blocked(deaf) < 64 << 20, "the server takes requests without end whose answers nobody reads")
        eventually(lambda: server.metric("mawid_connections") <= before, "the connection is closed")
        _alive(w, server)


def _taken_until_blocked(deaf):
    """Sends requests until nobody takes them any more; how many bytes were taken."""
    requests, taken = b"GET /api/salons/?limit=100 HTTP/1.1\r\nHost: a\r\n\r\n" * 1000, 0
    deaf.settimeout(2)
    with contextlib.suppress(TimeoutError, ConnectionError):
        while taken < 64 << 20:
            taken += deaf.send(requests)
    return taken


# ---- greedy ----

def a_content_length_of_2_gib_is_413_at_once(w):
    for length in (2**31, 2**32, 2**63 - 1):
        with w.wire() as wire:
            wire.send(HEAD + f"Content-Length: {length}\r\n\r\n" + "x" * 1000)
            answer = wire.answer()
            equal(answer.status, 413, f"status for {length}")
            equal(answer.header("Connection"), "close", "Connection")


def a_chunk_of_2_gib_is_413(w):
    with w.wire() as wire:
        wire.send(HEAD + "Transfer-Encoding: chunked\r\n\r\n80000000\r\n" + "x" * 1000)
        equal(wire.answer().status, 413, "status")


def a_client_that_sends_what_was_refused_still_reads_the_refusal(w):
    with w.wire() as wire:
        wire.send(HEAD + "Content-Length: 500000\r\n\r\n")
        wire.send(b"x" * 500000)
        equal(wire.answer().status, 413, "status")


def connections_of_one_address_are_capped(w):
    server = w.server(MAX_CONNECTIONS_PER_ADDRESS=50, WORKERS=1)
    wires = [Wire(server.place, source=("127.0.7.1", 0)) for _ in range(50)]
    for wire in wires:
        wire.send(GET)
        equal(wire.answer().status, 200, "status")
    with Wire(server.place, source=("127.0.7.1", 0)) as one_more:
        one_more.send(GET)
        answer = one_more.answer()
        check(answer is None or answer.status == 503, f"the 51st was answered {answer and answer.status}")
    with Wire(server.place, source=("127.0.7.2", 0)) as neighbour:
        neighbour.send(GET)
        equal(neighbour.answer().status, 200, "status of another address")
    for wire in wires:
        wire.close()
    def room_again():
        with Wire(server.place, source=("127.0.7.1", 0)) as wire:
            wire.send(GET)
            answer = wire.answer()
            return answer is not None and answer.status == 200
    eventually(room_again, "the address is served again")


def twenty_thousand_connections_at_a_limit_of_1024_files(w):
    """Accepting pauses without spinning; those inside are served; when the flood is over, all are."""
    with w.own_server(limits=("prlimit", "--nofile=1024:1024"), IDLE_TIMEOUT_SECONDS=600, HEAD_TIMEOUT_SECONDS=600,
                      MAX_CONNECTIONS_PER_ADDRESS=1000000) as server:
        with w.wire(server=server) as inside:
            inside.send(GET)
            equal(inside.answer().status, 200, "status before the flood")
            with Flood(server.place, 20000) as flood:
                if flood.attempted < 18000:
                    raise Skipped(f"this machine gave {flood.attempted} connections only")
                inside.send(GET)
                equal(inside.answer().status, 200, "status of one who is inside")
                _bounded_cpu(server, inside)
            eventually(lambda: _served(server), "new connections are served again", patience=60)
        w.client(server=server).get("/api/salons/").expect(200)


def _bounded_cpu(server, inside):
    """While nothing happens, the process does nothing: no spinning on accept."""
    before, turns = server.cpu_seconds(), 0
    silence = inside.socket.gettimeout()
    inside.socket.settimeout(3)
    with contextlib.suppress(TimeoutError):
        inside.socket.recv(1)
        turns += 1
    inside.socket.settimeout(silence)
    used = server.cpu_seconds() - before
    check(turns == 0, "the kept connection said something")
    check(used < 1.0, f"{used:.2f} s of CPU in 3 s of nothing")


def _served(server):
    with Wire(server.place, timeout=5) as wire:
        wire.send(GET)
        answer = wire.answer()
        return answer is not None and answer.status == 200


# ---- broken ----

def a_body_cut_in_the_middle_makes_nothing(w):
    with w.wire() as wire:
        wire.send(HEAD.replace("/token/", "/phone/request/") + 'Content-Length: 100\r\n\r\n{"phone_number": "+9665')
        wire.finish_sending()
        answer = wire.answer()
        check(answer is None or answer.status == 400, f"status {answer and answer.status}")
        check(wire.closed(), "the connection is still open")


def a_chunked_body_cut_in_the_middle_makes_nothing(w):
    with w.wire() as wire:
        wire.send(HEAD + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":")
        wire.finish_sending()
        answer = wire.answer()
        check(answer is None or answer.status == 400, f"status {answer and answer.status}")


def a_client_that_closes_its_half_still_gets_its_answer(w):
    with w.wire() as wire:
        wire.send(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
        wire.finish_sending()
        equal(wire.answer().status, 200, "status")


def clients_that_reset_at_any_point_do_no_harm(w):
    request = (HEAD + "Content-Length: 2\r\n\r\n{}" + GET).encode()
    for cut in range(0, len(request), 7):
        wire = w.wire()
        wire.send(request[:cut])
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()
    _alive(w, w.main)


def clients_that_leave_while_waiting_do_no_harm(w):
    person = w.somebody()
    for n in range(100):
        wire = w.wire()
        wire.send(f"GET /api/auth/me/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {person.token}\r\n\r\n" * (1 + n % 5))
        if n % 2:
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()
    _alive(w, w.main)


def random_bytes_do_no_harm(w):
    dice = random.Random(20250731)
    for _ in range(300):
        with w.wire() as wire:
            wire.send(dice.randbytes(dice.randrange(1, 3000)))
            wire.send(b"\r\n\r\n")
    _alive(w, w.main)


def mutated_requests_never_get_a_500(w):
    dice = random.Random(7)
    person = w.somebody()
    good = (f"POST /api/bookings/?limit=1 HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer {person.token}\r\n"
            "Content-Type: application/json\r\nAccept-Language: en\r\nX-Request-Id: abc\r\nContent-Length: 70\r\n\r\n"
            '{"salon": 1, "service": 1, "staff": null, "starts_at": "2020-01-01T10"}').encode()
    for _ in range(600):
        raw = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(raw))
            raw[at:at + dice.randrange(0, 3)] = dice.randbytes(dice.randrange(0, 3))
        with w.wire() as wire:
            wire.send(bytes(raw))
            wire.finish_sending()
            answer = wire.answer()
            check(answer is None or answer.status < 500 or answer.status in (501, 505), f"{answer and answer.status} for {bytes(raw)!r}")
    _alive(w, w.main)
