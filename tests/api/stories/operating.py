"""Probes, metrics and logs: what operators look at."""
import json
import re

from lib.check import absent, check, contains, equal, eventually
from lib.phones import new_phone

SAMPLE = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\.)*",?)*\})? (-?[0-9.eE+-]+|NaN|[+-]Inf)( [0-9]+)?$')


# ---- probes ----

def healthz_says_that_the_process_lives(w):
    equal(w.client().get("/healthz").expect(200).json["status"], "ok", "status")
    equal(w.main.admin("/healthz")[0], 200, "status on the admin listener")


def readyz_says_that_everything_needed_is_there(w):
    status, _, body = w.main.admin("/readyz")
    equal(status, 200, f"status ({body})")
    equal(w.client().get("/readyz").expect(200).json["status"], "ready", "status on the public listener")


def unknown_admin_paths_are_404(w):
    equal(w.main.admin("/api/salons/")[0], 404, "status of the API on the admin listener")
    equal(w.main.admin("/nowhere")[0], 404, "status")


def metrics_are_not_public(w):
    w.client().get("/metrics").expect(404)


# ---- metrics ----

def metrics_parse_as_prometheus_text(w):
    w.client().get("/api/salons/").expect(200)
    status, head, body = w.main.admin("/metrics")
    equal(status, 200, "status")
    contains(head.lower(), "content-type: text/plain; version=0.0.4", "head")
    check(body.endswith("\n"), "the last line is not ended")
    types, told, seen, families = {}, {}, set(), []
    for line in body.splitlines():
        if line.startswith("# HELP "):
            name, _, text = line.removeprefix("# HELP ").partition(" ")
            check(name not in told and len(text) > 10, f"{name} has two HELP lines, or one that says nothing")
            told[name] = text
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            check(name not in types, f"{name} has two TYPE lines")
            check(kind in ("counter", "gauge", "histogram", "summary", "untyped"), line)
            types[name] = kind
        elif not line.startswith("# HELP ") and line:
            check(SAMPLE.match(line), f"no sample: {line!r}")
            key = line.rsplit(" ", 1)[0]
            check(key not in seen, f"twice: {key}")
            seen.add(key)
            families.append(_family(key.split("{")[0], types))
    check(len(seen) > 20, f"only {len(seen)} samples")
    equal(sorted(types), sorted(told), "families with TYPE and with HELP")
    firsts = [name for n, name in enumerate(families) if n == 0 or families[n - 1] != name]
    equal(len(firsts), len(set(firsts)), f"families, each in one block: {[f for f in firsts if firsts.count(f) > 1]}")


def _family(name, types):
    for suffix in ("_bucket", "_sum", "_count"):
        base = name.removesuffix(suffix)
        if base != name and types.get(base) in ("histogram", "summary"):
            return base
    check(name in types, f"{name} has no TYPE line")
    return name


def everything_that_operators_were_promised_is_there(w):
    """Also what has not happened yet: an alert on a series that is not there never fires."""
    body = w.main.admin("/metrics")[2]
    for family in ("mawid_http_requests_total", "mawid_http_request_seconds", "mawid_loop_lag_max_microseconds", "mawid_fibers",
                   "mawid_pg_queued", "mawid_offload_queued", "mawid_offload_running", "mawid_offload_refused_total", "mawid_otp_sends_total", "mawid_otp_refusals_total",
                   "mawid_otp_conversions_total", "mawid_bookings_total", "mawid_booking_batches_total", "mawid_bookings_waiting",
                   "mawid_booking_moves_total", "mawid_catalogue_cache_total", "mawid_catalogue_age_milliseconds",
                   "mawid_housekeeping_removed_total", "mawid_work_attempts_total", "mawid_work_pieces",
                   "mawid_work_oldest_due_seconds", "mawid_work_looks_total", "mawid_partner_breakers_open", "mawid_partner_seconds", "mawid_partner_queued"):
        contains(body, f"# TYPE {family} ", "the page")


def partners_are_counted_by_name(w):
    server = w.authentica_server()
    before = {what: server.metric(f"mawid_partner_{what}", partner="authentica") for what in ("calls_total", "seconds_count", "seconds_sum")}
    w.client(server=server).post("/api/auth/phone/request/", {"phone_number": new_phone(), "channel": "sms"}).expect(201)
    after = {what: server.metric(f"mawid_partner_{what}", partner="authentica") for what in before}
    check(after["calls_total"] > before["calls_total"] and after["seconds_count"] > before["seconds_count"]
          and after["seconds_sum"] > before["seconds_sum"], f"before {before}, after {after}")
    equal(server.metric("mawid_partner_inflight", partner="authentica"), 0, "calls under way")


def histograms_are_whole(w):
    w.client().get("/api/salons/").expect(200)
    samples = w.main.metrics()
    counts = {key: value for key, value in samples.items() if key.split("{")[0].endswith("_count")}
    check(counts, "no histogram at all")
    for key, value in counts.items():
        name, labels = key.split("{")[0].removesuffix("_count"), key.partition("{")[2].rstrip("}")
        infinite = [v for k, v in samples.items() if k.startswith(name + "_bucket{") and 'le="+Inf"' in k
                    and all(label in k for label in filter(None, labels.split(",")))]
        check(value in infinite, f"{key} is {value}, its +Inf bucket {infinite}")


def requests_are_counted_by_route_and_status(w):
    def count(status):
        return sum(value for key, value in w.main.metrics().items()
                   if "/api/salons/{id}/" in key and f'"{status}"' in key and "_bucket" not in key)
    before = count(404)
    w.client().get("/api/salons/99999999/").expect(404)
    eventually(lambda: count(404) > before, "a 404 of /api/salons/{id}/ is counted")


def unknown_paths_do_not_make_new_series(w):
    for n in range(50):
        w.client().get(f"/random/{n}/").expect(404)
    absent(w.main.admin("/metrics")[2], "/random/", "the metrics")


def codes_and_refusals_are_counted(w):
    before = (w.main.metric("mawid_otp_sends_total"), w.main.metric("mawid_otp_refusals_total", rule="cooldown"),
              w.main.metric("mawid_otp_conversions_total"))
    person = w.sign_in()
    person.post("/api/auth/phone/request/", {"phone_number": person.phone, "channel": "sms"}).expect(429)
    after = (w.main.metric("mawid_otp_sends_total"), w.main.metric("mawid_otp_refusals_total", rule="cooldown"),
             w.main.metric("mawid_otp_conversions_total"))
    equal([b - a for a, b in zip(before, after)], [1, 1, 1], "sends, refusals, conversions")


# ---- logs ----

def every_request_is_one_json_line(w):
    client = w.client()
    since = w.main.log_size()
    client.get("/api/salons/?q=secret-word", headers={"X-Request-Id": "log-story-1"}).expect(200)
    line = eventually(lambda: [r for r in w.main.log_records(since) if r.get("request_id") == "log-story-1"], "a line")[0]
    equal((line["method"], line["status"]), ("GET", 200), "method and status")
    contains(json.dumps(line), "/api/salons/", "the line")
    absent(json.dumps(line), "secret-word", "the line")


def all_log_lines_are_json(w):
    w.somebody()
    for line in w.main.log().splitlines():
        check(isinstance(json.loads(line), dict), f"no JSON object: {line[:200]}")


def log_lines_cannot_be_forged(w):
    since = w.main.log_size()
    w.client().get('/nowhere/%0a{"event":"forged"}/', headers={"User-Agent": 'x"},{"event":"forged"'}).expect(404)
    equal([r for r in w.main.log_records(since) if r.get("event") == "forged"], [], "forged lines")


def the_text_format_is_for_eyes(w):
    with w.own_server(LOG_FORMAT="text", WORKERS=1) as server:
        w.client(server=server).get("/api/salons/").expect(200)
        line = eventually(lambda: [l for l in server.log().splitlines() if "/api/salons/" in l], "a line about the request")[0]
        check(not line.startswith("{"), f"JSON: {line}")


def production_logs_hold_no_code_token_or_full_number(w):
    settings = {**w.authentica.settings(), "ENVIRONMENT": "production", "OTP_TEST_NUMBERS": None, "WORKERS": 1}
    with w.own_server(**settings) as server:
        client, phone = w.client(server=server), new_phone()
        asked = client.post("/api/auth/phone/request/", {"phone_number": phone, "channel": "sms"}).expect(201).json
        code = w.authentica.code(phone)
        session = client.post("/api/auth/phone/verify/", {"request_id": asked["request_id"], "code": code}).expect(200).json
        client.token = session["access"]
        client.get("/api/auth/me/?phone=" + phone[1:]).expect(200)
        client.post("/api/auth/token/refresh/", {"refresh": session["refresh"]}).expect(200)
        client.post("/api/auth/token/refresh/", {"refresh": session["refresh"][:-4] + "AAAA"}).expect(401)
        client.post("/api/auth/phone/request/", {"phone_number": phone, "channel": "sms"}).expect(429)
        w.authentica.behave(send={"mode": "error", "status": 500, "body": {"message": f"no route to {phone}"}})
        client.post("/api/auth/phone/request/", {"phone_number": new_phone(), "channel": "sms"}).expect(503)
        w.authentica.behave()
        log = eventually(lambda: server.log() if server.log().count("/api/auth/") >= 6 else "", "six lines")
    for name, secret in (("code", f'"{code}"'), ("phone", phone[1:]), ("local phone", phone[4:]), ("access token", session["access"]),
                         ("refresh token", session["refresh"]), ("signature", session["access"].split(".")[2]),
                         ("secret key", server.settings["SECRET_KEY"]), ("API key", settings["AUTHENTICA_API_KEY"])):
        absent(log, secret, f"the production log ({name})")
