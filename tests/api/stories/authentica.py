"""Codes through Authentica: what goes over the wire, and what every kind of answer leads to.

The partner is tests/api/fakes/authentica.py, a process of its own.
"""
from lib.check import absent, check, equal, eventually
from lib.phones import new_phone

REQUEST, VERIFY = "/api/auth/phone/request/", "/api/auth/phone/verify/"


def _ask(client, phone=None, **more):
    return client.post(REQUEST, {"phone_number": phone or new_phone(), "channel": "sms", **more})


def _ask_code(w, client, phone):
    """(request id, the code that Authentica made)."""
    asked = _ask(client, phone).expect(201).json
    return asked["request_id"], w.authentica.code(phone)


def _verify(client, request_id, code):
    return client.post(VERIFY, {"request_id": request_id, "code": code})


def _wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def sending_says_method_and_phone_and_nothing_else(w):
    client = w.client(server=w.authentica_server())
    for channel in ("sms", "whatsapp"):
        phone = new_phone()
        _ask(client, phone, channel=channel).expect(201)
        equal(w.authentica.bodies(phone), [("send", {"method": channel, "phone": phone})], "bodies")


def checking_says_phone_and_code_and_nothing_else(w):
    client, phone = w.client(server=w.authentica_server()), new_phone()
    request_id, code = _ask_code(w, client, phone)
    _verify(client, request_id, code).expect(200)
    equal(w.authentica.bodies(phone)[1:], [("verify", {"phone": phone, "otp": code})], "bodies")


def each_shape_of_yes_is_yes(w):
    client = w.client(server=w.authentica_server())
    for shape in ("status", "verified", "success", "all"):
        phone = new_phone()
        w.authentica.behave(verify={"mode": "ok", "shape": shape})
        request_id, code = _ask_code(w, client, phone)
        _verify(client, request_id, code).expect(200)
    w.authentica.behave()


def each_way_of_saying_no_is_the_wrong_code(w):
    client = w.client("en", server=w.authentica_server())
    for behaviour in ({"shape": "status"}, {"shape": "verified"}, {"shape": "success"}, {"status": 400}, {"status": 422}):
        phone = new_phone()
        w.authentica.behave(verify={"mode": "ok", **behaviour})
        request_id, code = _ask_code(w, client, phone)
        answer = _verify(client, request_id, _wrong(code)).expect(400, "otp.invalid")
        equal(answer.json["detail"], "Invalid or expired code", "detail")
        check(not w.user_row(phone)["is_phone_verified"], f"{behaviour}: verified by a wrong code")
        _verify(client, request_id, code).expect(200)
    w.authentica.behave()


def an_answer_that_is_no_clear_yes_lets_nobody_in(w):
    client = w.client(server=w.authentica_server())
    for behaviour in ({"mode": "nonsense"}, {"mode": "empty"}, {"mode": "nonsense", "text": "[]"}, {"mode": "nonsense", "text": "{}"},
                      {"mode": "nonsense", "text": '{"status": "true"}'}, {"mode": "nonsense", "text": '{"status": 1}'},
                      {"mode": "nonsense", "text": '{"status": true, "verified": false}'}, {"mode": "nonsense", "text": "true"},
                      {"mode": "error", "status": 401}, {"mode": "error", "status": 429, "retry_after": 3},
                      {"mode": "error", "status": 500, "body": {"status": True}}, {"mode": "drop"}, {"mode": "half"}):
        phone = new_phone()
        request_id, code = _ask_code(w, client, phone)
        w.authentica.behave(phones={phone: {"verify": behaviour}})
        answer = _verify(client, request_id, code)
        check(answer.status in (400, 503), f"{behaviour}: {answer.status} {answer.text}")
        check(not w.user_row(phone)["is_phone_verified"], f"{behaviour}: verified")
    w.authentica.behave()


def a_partner_that_fails_to_check_is_503_and_the_code_stays_good(w):
    client = w.client("en", server=w.authentica_server())
    phone = new_phone()
    request_id, code = _ask_code(w, client, phone)
    for behaviour in ({"mode": "error", "status": 500}, {"mode": "drop"}, {"mode": "nonsense"}):
        w.authentica.behave(phones={phone: {"verify": behaviour}})
        answer = _verify(client, request_id, code).expect(503, "otp.provider_unavailable")
        check(int(answer.header("Retry-After")) > 0, "Retry-After")
    w.authentica.behave()
    _verify(client, request_id, code).expect(200)


def the_partner_is_asked_at_most_five_times_about_a_code(w):
    client, phone = w.client(server=w.authentica_server()), new_phone()
    request_id, code = _ask_code(w, client, phone)
    for _ in range(7):
        _verify(client, request_id, _wrong(code)).expect(400)
    _verify(client, request_id, code).expect(400)
    equal(w.authentica.checks(phone), 5, "checks")


def an_expired_or_used_code_is_not_even_asked_about(w):
    client, phone = w.client(server=w.authentica_server()), new_phone()
    request_id, code = _ask_code(w, client, phone)
    w.db.rows("UPDATE otp_request SET expires_at = now() - interval '1 second' WHERE id = %s", request_id)
    _verify(client, request_id, code).expect(400)
    equal(w.authentica.checks(phone), 0, "checks")


def what_the_partner_says_is_never_shown(w):
    client = w.client("en", server=w.authentica_server())
    w.authentica.behave(send={"mode": "error", "status": 500, "body": {"message": "secret internals of the partner"}})
    absent(_ask(client).expect(503).text, "internals", "the answer")
    w.authentica.behave()


def in_own_mode_the_server_makes_and_checks_the_code(w):
    client, phone = w.client(server=w.authentica_server(AUTHENTICA_OTP_MODE="own")), new_phone()
    asked = _ask(client, phone).expect(201).json
    sent = w.authentica.bodies(phone)[0][1]
    equal(sorted(sent), ["method", "otp", "phone"], "members of the body")
    _verify(client, asked["request_id"], _wrong(sent["otp"])).expect(400, "otp.invalid")
    _verify(client, asked["request_id"], sent["otp"]).expect(200)
    equal(w.authentica.checks(phone), 0, "checks at the partner")


def a_key_with_dollars_in_it_arrives_whole(w):
    _ask(w.client(server=w.authentica_server())).expect(201)  # the fake answers 401 to any other key


def a_wrong_key_is_503_for_the_client(w):
    client = w.client("en", server=w.server(**w.authentica.settings(AUTHENTICA_API_KEY="wrong")))
    _ask(client).expect(503, "otp.provider_unavailable")


def test_numbers_never_reach_the_partner(w):
    client = w.client(server=w.authentica_server())
    before = len(w.authentica.state["bodies"])
    asked = _ask(client, "+966500000000").expect(201).json
    _verify(client, asked["request_id"], "123456").expect(200)
    equal(len(w.authentica.state["bodies"]), before, "bodies at the partner")


def a_refused_request_never_reaches_the_partner(w):
    client, phone = w.client(server=w.authentica_server()), new_phone()
    _ask(client, phone).expect(201)
    _ask(client, phone).expect(429)
    _ask(client, "abc").expect(400)
    equal(w.authentica.sends(phone), 1, "sends")


def connections_to_the_partner_are_reused(w):
    with w.own_server(**w.authentica.settings(WORKERS=1)) as server:
        before = w.authentica.state["connections"]
        for _ in range(10):
            _ask(w.client(server=server)).expect(201)
        eventually(lambda: w.authentica.state["connections"] - before <= 2, "ten requests share a connection or two")
