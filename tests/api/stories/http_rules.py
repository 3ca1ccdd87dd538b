"""The shape of the API: errors, paths, methods, sizes, JSON, CORS, headers on every answer."""
import json
import re

from lib.check import check, contains, equal
from lib.phones import new_phone

REQUEST = "/api/auth/phone/request/"
ORIGIN = "https://app.example.com"


# ---- headers on every answer ----

def every_answer_carries_a_request_id_of_its_own(w):
    client = w.client()
    ids = {client.get(path).header("X-Request-Id") for path in ("/healthz", "/api/salons/", "/nowhere/", "/api/auth/me/")}
    equal(len(ids), 4, "different request ids")
    check(all(ids), f"an answer without a request id: {ids}")


def a_sane_request_id_of_the_client_is_kept(w):
    answer = w.client().get("/nowhere/", headers={"X-Request-Id": "abc-123.DEF_4"}).expect(404)
    equal(answer.header("X-Request-Id"), "abc-123.DEF_4", "X-Request-Id")
    equal(answer.json["request_id"], "abc-123.DEF_4", "request_id")


def an_odd_request_id_of_the_client_is_replaced(w):
    for odd in ("x" * 65, "a b", "a\"b", "{}", "é".encode().decode("latin-1")):
        answer = w.client().get("/nowhere/", headers={"X-Request-Id": odd.encode("latin-1")})
        check(answer.header("X-Request-Id") not in (None, "", odd), f"the odd id {odd!r} was taken")


def every_answer_carries_the_security_headers(w):
    for path, status in (("/api/salons/", 200), ("/nowhere/", 404), ("/api/auth/me/", 401)):
        answer = w.client().get(path).expect(status)
        equal(answer.header("X-Content-Type-Options"), "nosniff", "X-Content-Type-Options")
        check(answer.header("X-Frame-Options") or "frame-ancestors" in (answer.header("Content-Security-Policy") or ""),
              "nothing forbids framing")
        check(answer.header("Referrer-Policy"), "no Referrer-Policy")


def answers_about_a_person_are_not_cached(w):
    contains(w.somebody().get("/api/auth/me/").expect(200).header("Cache-Control") or "", "no-store", "Cache-Control")


def the_server_says_nothing_of_its_make(w):
    answer = w.client().get("/nowhere/")
    for name in ("Server", "X-Powered-By"):
        check(not re.search(r"\d", answer.header(name) or ""), f"{name} tells a version")


# ---- paths and methods ----

def an_unknown_path_is_404(w):
    for path in ("/", "/api/", "/api/unknown/", "/api/salons/abc/", "/api/salons/1/unknown/", "/favicon.ico"):
        equal(w.client("en").get(path).expect(404).json["detail"], "Not found.", "detail")


def an_unknown_path_is_404_in_arabic_by_default(w):
    equal(w.client().get("/api/unknown/").expect(404).json["detail"], "غير موجود.", "detail")


def ids_beyond_64_bits_and_odd_ids_are_404(w):
    for odd in ("0", "-1", "99999999999999999999", "1e3", "0x1", "1.0", "%31%00", "+1"):
        w.client().get(f"/api/salons/{odd}/").expect(404)


def a_wrong_method_is_405_and_names_the_right_ones(w):
    answer = w.client("en").delete("/api/salons/").expect(405, "request.method_not_allowed")
    equal(answer.json["detail"], "This method is not allowed here.", "detail")
    allowed = {name.strip() for name in answer.header("Allow").split(",")}
    check("GET" in allowed and "DELETE" not in allowed, f"Allow: {allowed}")
    both = {name.strip() for name in w.client().delete("/api/bookings/").expect(405).header("Allow").split(",")}
    check({"GET", "POST"} <= both, f"Allow: {both}")


def the_last_slash_of_a_path_is_optional(w):
    client = w.client()
    equal(client.get("/api/salons").expect(200).json, client.get("/api/salons/").expect(200).json, "the same list")
    client.post("/api/auth/token", {}).expect(410)
    client.get("/api/salons?limit=1").expect(200)


def a_head_request_is_answered_without_a_body(w):
    with w.wire() as wire:
        wire.send("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = b""
        while wire._more():
            data = wire.received
    statuses = re.findall(rb"HTTP/1.1 (\d+)", wire.received or data)
    check(statuses[0] in (b"200", b"405"), f"HEAD answered {statuses}")
    if statuses[0] == b"200":
        equal(len(statuses), 2, "answers")
        head = (wire.received or data).split(b"\r\n\r\n", 1)
        check(head[1].startswith(b"HTTP/1.1"), "HEAD was answered with a body")


def a_malformed_escape_in_the_query_is_400(w):
    for query in ("q=%", "q=%4", "q=%zz", "q=%ff", "q=%00"):
        w.client().get(f"/api/salons/?{query}").expect(400)


def a_bad_query_parameter_is_400_keyed_by_its_name(w):
    client = w.client("en")
    for query, name in (("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
                        ("limit=9999999999999999999999", "limit"), ("cursor=!!!", "cursor"), ("cursor=AAAA", "cursor")):
        answer = client.get(f"/api/salons/?{query}").expect(400)
        check(name in answer.json, f"{query}: {answer.json}")


# ---- bodies ----

def malformed_json_is_400(w):
    client = w.client("en")
    for body in (b"{", b"", b"[1,2", b'{"phone_number": }', b"{'a': 1}", b'{"a": 1,}', b'{"a": 01}', b'{"a": NaN}',
                 b'{"a": "\x01"}', b'{"a": "\xff\xfe"}', b'{"a": "\\ud800"}', b'{"a": 1} x', b"\xef\xbb\xbf{}x", b"nul",
                 b'{"phone_number": "\\u0000"'):
        answer = client.request("POST", REQUEST, body=body, headers={"Content-Type": "application/json"})
        answer.expect(400, "request.malformed_json")
        equal(answer.json["detail"], "The body is not valid JSON.", f"detail for {body!r}")


def a_body_that_is_no_object_is_400(w):
    for body in (b"[]", b"1", b'"x"', b"null", b"true"):
        w.client().request("POST", REQUEST, body=body, headers={"Content-Type": "application/json"}).expect(400)


def json_deeper_than_8_is_400(w):
    client = w.client()
    number = new_phone()
    def nested(levels):
        return json.dumps({"channel": "sms", "phone_number": "bad"})[:-1] + ', "x": ' + "[" * levels + "]" * levels + "}"
    deep = client.request("POST", REQUEST, body=nested(8).encode(), headers={"Content-Type": "application/json"})
    deep.expect(400, "request.malformed_json")
    fine = client.request("POST", REQUEST, body=nested(7).encode(), headers={"Content-Type": "application/json"})
    check("phone_number" in fine.expect(400).json, f"depth 8 itself was refused: {fine.json}")
    check(not w.has_user(number), "a user was made")


def a_hundred_thousand_brackets_are_400(w):
    for body in (b"[" * 60000, b'{"a":' * 10000):
        w.client().request("POST", REQUEST, body=body, headers={"Content-Type": "application/json"}).expect(400)


def duplicate_keys_are_400(w):
    body = b'{"phone_number": "+966512345678", "channel": "sms", "phone_number": "+966512345679"}'
    w.client().request("POST", REQUEST, body=body, headers={"Content-Type": "application/json"}).expect(
        400, "request.malformed_json")


def keys_that_are_equal_only_after_unescaping_are_duplicates(w):
    body = b'{"phone_number": "+966512345678", "channel": "sms", "\\u0070hone_number": "+966512345679"}'
    w.client().request("POST", REQUEST, body=body, headers={"Content-Type": "application/json"}).expect(400)


def unknown_members_are_ignored(w):
    w.client().post(REQUEST, {"phone_number": new_phone(), "channel": "sms", "app_version": "9.9"}).expect(201)


def another_content_type_is_415(w):
    client = w.client("en")
    body = b"phone_number=%2B966512345678&channel=sms"
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", None, "json"):
        answer = client.request("POST", REQUEST, body=body, headers={"Content-Type": kind})
        answer.expect(415, "request.media_type")
        equal(answer.json["detail"], "The content type must be application/json.", "detail")


def the_content_type_may_carry_a_charset(w):
    for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"):
        body = json.dumps({"phone_number": new_phone(), "channel": "sms"}).encode()
        w.client().request("POST", REQUEST, body=body, headers={"Content-Type": kind}).expect(201)


def a_body_over_64_kib_is_413(w):
    body = json.dumps({"phone_number": new_phone(), "channel": "sms", "x": "y" * 65536}).encode()
    w.client().request("POST", REQUEST, body=body, headers={"Content-Type": "application/json"}).expect(
        413, "request.too_large")


def a_chunked_body_over_64_kib_is_413(w):
    with w.wire() as wire:
        wire.send(f"POST {REQUEST} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            if not wire.send(b"1000\r\n" + b" " * 4096 + b"\r\n"):
                break
        equal(wire.answer().status, 413, "status")


def a_body_of_exactly_64_kib_is_read(w):
    start, end = '{"phone_number": "bad", "channel": "sms", "x": "', '"}'
    body = (start + "y" * (65536 - len(start) - len(end)) + end).encode()
    answer = w.client().request("POST", REQUEST, body=body, headers={"Content-Type": "application/json"}).expect(400)
    check("phone_number" in answer.json, f"{answer.json}")


def a_head_over_16_kib_is_431(w):
    with w.wire() as wire:
        wire.send("GET /healthz HTTP/1.1\r\nHost: a\r\n" + "".join(f"X-{n}: {'y' * 900}\r\n" for n in range(20)) + "\r\n")
        answer = wire.answer()
    w.contract.judge("GET", "/healthz", answer.expect(431))


def more_than_100_fields_are_431(w):
    def with_fields(count):
        with w.wire() as wire:
            wire.send("GET /healthz HTTP/1.1\r\nHost: a\r\n" + "".join(f"X-{n}: y\r\n" for n in range(count - 1)) + "\r\n")
            return wire.answer().status
    equal(with_fields(100), 200, "status with 100 fields")
    equal(with_fields(101), 431, "status with 101 fields")


def a_request_line_over_8_kib_is_414(w):
    with w.wire() as wire:
        wire.send("GET /api/salons/?q=" + "y" * 9000 + " HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = wire.answer()
    w.contract.judge("GET", "/api/salons/", answer.expect(414))


def a_client_that_expects_continue_is_told_to(w):
    body = b"{}"
    with w.wire() as wire:
        wire.send(f"POST /api/auth/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                  f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
        equal(wire.answer().status, 100, "interim status")
        wire.send(body)
        equal(wire.answer().status, 410, "status")


def a_body_too_large_is_refused_before_it_is_sent(w):
    with w.wire() as wire:
        wire.send("POST /api/auth/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                  "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
        equal(wire.answer().status, 413, "status")


def sixteen_pipelined_requests_get_sixteen_answers(w):
    with w.wire() as wire:
        wire.send("".join(f"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: pipe-{n}\r\n\r\n" for n in range(16)))
        ids = [wire.answer().header("X-Request-Id") for _ in range(16)]
    equal(ids, [f"pipe-{n}" for n in range(16)], "request ids in order")


def pipelined_requests_that_wait_are_answered_in_order(w):
    me = w.somebody()
    slow = f"GET /api/auth/me/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {me.token}\r\nX-Request-Id: slow\r\n\r\n"
    quick = "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: quick\r\n\r\n"
    with w.wire() as wire:
        wire.send((slow + quick) * 4)
        ids = [wire.answer().header("X-Request-Id") for _ in range(8)]
    equal(ids, ["slow", "quick"] * 4, "request ids in order")


def the_error_object_has_detail_code_and_request_id(w):
    answer = w.client("en").get("/api/auth/me/").expect(401)
    equal(sorted(answer.json), ["code", "detail", "request_id"], "members")
    equal(answer.json["request_id"], answer.header("X-Request-Id"), "request_id")


def all_broken_fields_are_reported_at_once(w):
    answer = w.client("en").post(REQUEST, {"channel": "pigeon", "device_id": 5}).expect(400, "request.invalid")
    equal(answer.json["phone_number"], ["This field is required."], "phone_number")
    equal(answer.json["channel"], ["This is not one of the allowed values."], "channel")
    equal(answer.json["device_id"], ["This field has the wrong type."], "device_id")


def all_broken_fields_are_reported_in_arabic(w):
    answer = w.client().post(REQUEST, {"channel": "pigeon", "device_id": 5}).expect(400, "request.invalid")
    equal(answer.json["phone_number"], ["هذا الحقل مطلوب."], "phone_number")
    equal(answer.json["channel"], ["هذه القيمة ليست من القيم المسموح بها."], "channel")
    equal(answer.json["device_id"], ["نوع هذا الحقل غير صحيح."], "device_id")


# ---- every operation of the document ----

def _operations(w):
    """(method, path as the document's examples have it, operation)."""
    for method, template, operation in w.contract.operations():
        yield method, w.contract.example_path(template), operation


def _send(w, client, method, path, operation, body=b"{}"):
    """A request with some body of the first type that the operation takes, or without any."""
    kinds = w.contract.body_types(operation)
    return client.request(method, path, body=body if kinds else None, headers={"Content-Type": kinds[0]} if kinds else None)


def every_endpoint_for_users_wants_a_good_token(w):
    told = 0
    for method, path, operation in _operations(w):
        if operation["security"]:
            told += 1
            _send(w, w.client("en"), method, path, operation).expect(401, "auth.required")
            _send(w, w.client("en", token="x.y.z"), method, path, operation).expect(401, "auth.token_invalid")
    equal(told, sum(1 for _, _, operation in w.contract.operations() if operation["security"]), "operations")
    check(told >= 30, f"only {told} operations want a token")


def every_endpoint_that_reads_a_body_wants_its_types(w):
    person = w.somebody()
    for method, path, operation in _operations(w):
        kinds = w.contract.body_types(operation)
        for kind in ("text/plain", None, "application/json" if kinds and "application/json" not in kinds else "image/png"):
            if kinds:
                code = "request.media_type" if "application/json" in kinds else "photo.media_type"
                person.request(method, path, body=b"x=1", headers={"Content-Type": kind}).expect(415, code)


def every_endpoint_that_reads_json_wants_an_object(w):
    person = w.somebody()
    for method, path, operation in _operations(w):
        if "application/json" in w.contract.body_types(operation):
            needed = w.contract.resolve(operation["requestBody"]).get("required", False)
            for body in (b"{", b"[]", b'{"a":1,"a":2}') + ((b"",) if needed else ()):
                person.request(method, path, body=body, headers={"Content-Type": "application/json"}).expect(
                    400, "request.malformed_json")


def every_path_names_its_methods_when_asked_with_another(w):
    for template in w.contract.document["paths"]:
        answer = w.client().request("PUT", w.contract.example_path(template), {}).expect(405, "request.method_not_allowed")
        allowed = {name.strip() for name in answer.header("Allow").split(",")} - {"HEAD", "OPTIONS"}
        equal(allowed, {method for method, other, _ in w.contract.operations() if other == template}, f"Allow of {template}")


def every_list_takes_limit_and_cursor(w):
    told, person = 0, w.with_role("admin")
    for method, template, operation in w.contract.operations():
        if "limit" not in w.contract.query_names(template, operation):
            continue
        told, path = told + 1, w.contract.example_path(template)
        equal(method, "GET", f"method of the list {template}")
        page = person.get(path + "?limit=100").expect(200).json
        check(isinstance(page["results"], list) and "next" in page, f"{path}: no page")
        for query, name in (("limit=0", "limit"), ("limit=101", "limit"), ("limit=ten", "limit"), ("cursor=$", "cursor"),
                            ("cursor=//79", "cursor"), ("cursor=LTE", "cursor")):
            answer = person.get(f"{path}?{query}").expect(400, "request.bad_query")
            check(name in answer.json, f"{path}?{query}: {answer.json}")
    check(told >= 9, f"only {told} lists")


# ---- CORS ----

def _cors_server(w):
    return w.server(CORS_ALLOWED_ORIGINS=f"{ORIGIN},https://admin.example.com")


def a_page_of_an_allowed_origin_may_read_answers(w):
    client = w.client(server=_cors_server(w))
    answer = client.get("/api/salons/", headers={"Origin": ORIGIN}).expect(200)
    equal(answer.header("Access-Control-Allow-Origin"), ORIGIN, "Access-Control-Allow-Origin")
    contains(answer.header("Vary") or "", "Origin", "Vary")
    exposed = (answer.header("Access-Control-Expose-Headers") or "").lower().split(", ")
    equal(sorted(exposed), ["etag", "idempotency-replayed", "retry-after", "x-request-id"], "exposed headers")
    refused = client.get("/api/auth/me/", headers={"Origin": ORIGIN}).expect(401)
    equal(refused.header("Access-Control-Allow-Origin"), ORIGIN, "Access-Control-Allow-Origin of an error")


def a_page_of_another_origin_may_not(w):
    client = w.client(server=_cors_server(w))
    for origin in ("https://evil.example", "https://app.example.com.evil.example", "http://app.example.com",
                   "https://app.example.com:444", "null"):
        answer = client.get("/api/salons/", headers={"Origin": origin}).expect(200)
        equal(answer.header("Access-Control-Allow-Origin"), None, f"Access-Control-Allow-Origin for {origin}")


def a_preflight_names_methods_and_headers(w):
    client = w.client(server=_cors_server(w))
    answer = client.request("OPTIONS", "/api/bookings/", headers={
        "Origin": ORIGIN, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type"})
    check(answer.status in (200, 204), f"status {answer.status}")
    equal(answer.header("Access-Control-Allow-Origin"), ORIGIN, "Access-Control-Allow-Origin")
    contains(answer.header("Access-Control-Allow-Methods"), "POST", "Access-Control-Allow-Methods")
    allowed = answer.header("Access-Control-Allow-Headers").lower()
    for name in ("authorization", "content-type", "accept-language", "idempotency-key"):
        contains(allowed, name, "Access-Control-Allow-Headers")
    check(int(answer.header("Access-Control-Max-Age")) > 0, "no Access-Control-Max-Age")


def a_preflight_of_another_origin_gets_no_permission(w):
    answer = w.client(server=_cors_server(w)).request("OPTIONS", "/api/bookings/", headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    equal(answer.header("Access-Control-Allow-Origin"), None, "Access-Control-Allow-Origin")


def without_the_setting_no_origin_is_allowed(w):
    answer = w.client().get("/api/salons/", headers={"Origin": ORIGIN}).expect(200)
    equal(answer.header("Access-Control-Allow-Origin"), None, "Access-Control-Allow-Origin")
