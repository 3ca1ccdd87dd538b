"""Redis gone: the same rules, counted in Postgres. Redis back: it takes over."""
import contextlib
import os
import signal

from lib.check import check, equal, eventually
from lib.crowd import Traffic, at_once
from lib.phones import new_phone

REQUEST = "/api/auth/phone/request/"


def _ask(client, phone=None, **more):
    return client.post(REQUEST, {"phone_number": phone or new_phone(), "channel": "sms", **more})


@contextlib.contextmanager
def _redis_down(w, how="stop-redis"):
    w.pair.act(how)
    try:
        yield
    finally:
        w.pair.act("start-redis")


def _fallbacks(server):
    return server.metric("mawid_otp_limits_fallback_total")


def without_redis_at_the_start_people_log_in(w):
    with _redis_down(w), w.own_server() as server:
        w.sign_in(server=server)
        check(_fallbacks(server) > 0, "no fallback was counted")
        equal(server.admin("/readyz")[0], 503, "status of /readyz")
        check("redis" in server.admin("/readyz")[2].lower(), "readyz does not name Redis")


def without_redis_the_pause_still_holds(w):
    client, phone = w.client("en"), new_phone()
    with _redis_down(w):
        _ask(client, phone).expect(201)
        answer = _ask(client, phone).expect(429, "otp.cooldown")
        check(59 <= answer.json["retry_after_seconds"] <= 60, f"{answer.json}")


def without_redis_the_phone_window_still_holds(w):
    server, phone = w.server(OTP_RESEND_COOLDOWN_SECONDS=0), new_phone()
    with _redis_down(w):
        for _ in range(5):
            _ask(w.client(server=server), phone).expect(201)
        _ask(w.client(server=server), phone).expect(429, "otp.phone_limit")


def without_redis_address_and_device_still_count(w):
    client = w.client("en")
    with _redis_down(w):
        for n in range(20):
            _ask(client, device_id=f"r{n}").expect(201)
        answer = _ask(client, device_id="r99").expect(429, "otp.address_limit")
        equal(answer.json["detail"], "Too many OTP requests from this IP. Try again later.", "detail")
        for _ in range(20):
            _ask(w.client(), device_id="one device without redis").expect(201)
        _ask(w.client(), device_id="one device without redis").expect(429, "otp.device_limit")


def without_redis_two_at_once_never_share_the_last_place(w):
    phone = new_phone()
    with _redis_down(w):
        statuses = at_once([w.client() for _ in range(16)], lambda client: _ask(client, phone).status)
    equal(sorted(statuses), [201] + [429] * 15, "statuses")


def what_was_sent_before_redis_was_lost_is_still_counted(w):
    client, phone = w.client("en"), new_phone()
    _ask(client, phone).expect(201)
    with _redis_down(w, "kill-redis"):
        _ask(client, phone).expect(429, "otp.cooldown")


def redis_back_takes_over(w):
    with _redis_down(w):
        _ask(w.client()).expect(201)
    _redis_decides(w)
    eventually(lambda: w.main.admin("/readyz")[0] == 200, "readyz is 200 again")


def _redis_decides(w):
    """Waits until no worker counts in Postgres any more: many requests in a row, each on a new connection."""
    def none_falls_back():
        before = _fallbacks(w.main)
        for _ in range(8):
            _ask(w.client()).expect(201)
        return _fallbacks(w.main) == before
    eventually(none_falls_back, "limits are decided by Redis again")


def redis_lost_and_back_under_traffic_loses_nobody(w):
    server = w.main
    with Traffic(4, lambda n: _ask(w.client(server=server))) as traffic:
        for how in ("restart-redis", "kill-redis"):
            _more(traffic)
            w.pair.act(how)
            w.pair.act("start-redis")
        _more(traffic)
    equal([str(r) for r in traffic.results if isinstance(r, Exception)], [], "errors")
    equal({r.status for r in traffic.results}, {201}, "statuses")


def _more(traffic, count=20):
    goal = len(traffic.results) + count
    eventually(lambda: len(traffic.results) >= goal, "traffic flows")


def a_redis_that_hangs_is_a_redis_that_is_lost(w):
    pid = int(w.pair.redis("INFO", "server").split("process_id:")[1].split()[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        client, phone = w.client("en"), new_phone()
        _ask(client, phone).expect(201)
        _ask(client, phone).expect(429, "otp.cooldown")
    finally:
        os.kill(pid, signal.SIGCONT)


def scripts_forgotten_by_redis_are_loaded_again(w):
    _redis_decides(w)
    w.pair.redis("SCRIPT", "FLUSH")
    before = _fallbacks(w.main)
    for _ in range(8):
        _ask(w.client()).expect(201)
    equal(_fallbacks(w.main), before, "fallbacks")
