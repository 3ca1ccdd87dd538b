"""Access and refresh tokens: what they say, how they are renewed, when they are no good."""
import base64
import json
import uuid

from lib.check import check, contains, equal, within
from lib.crowd import at_once
from lib.world import jwt, jwt_parts, now

REFRESH, ME = "/api/auth/token/refresh/", "/api/auth/me/"
GONE = {"en": "Password login is deprecated. Use /api/auth/phone/request/ then /api/auth/phone/verify/.",
        "ar": "تم إيقاف الدخول بكلمة المرور. استخدم /api/auth/phone/request/ ثم /api/auth/phone/verify/."}


def _refresh(client, token):
    return client.post(REFRESH, {"refresh": token})


# ---- what they say ----

def an_access_token_says_who_what_and_until_when(w):
    person = w.sign_in()
    head, claims = jwt_parts(person.token)
    equal((head["alg"], head["typ"]), ("HS256", "JWT"), "header")
    equal(sorted(claims), ["exp", "iat", "jti", "lang", "sid", "token_type", "user_id"], "claims")
    equal((claims["token_type"], claims["user_id"]), ("access", person.user["id"]), "type and user")
    equal(claims["exp"] - claims["iat"], 15 * 60, "seconds of life")
    within(claims["iat"], now() - 60, now() + 1, "issued at")
    uuid.UUID(claims["sid"])


def a_refresh_token_lives_30_days_in_the_same_session(w):
    person = w.sign_in()
    access, refresh = jwt_parts(person.token)[1], jwt_parts(person.refresh)[1]
    equal((refresh["token_type"], refresh["user_id"], refresh["sid"]), ("refresh", access["user_id"], access["sid"]), "claims")
    equal(refresh["exp"] - refresh["iat"], 30 * 24 * 3600, "seconds of life")
    check(refresh["jti"] != access["jti"], "both have the same jti")


def two_logins_are_two_sessions(w):
    first = w.sign_in()
    second = w.sign_in(first.phone, server=w.server(OTP_RESEND_COOLDOWN_SECONDS=0))
    check(jwt_parts(first.token)[1]["sid"] != jwt_parts(second.token)[1]["sid"], "one session id for both")


def the_lives_of_tokens_are_settings(w):
    person = w.sign_in(server=w.server(ACCESS_TOKEN_MINUTES=7, REFRESH_TOKEN_DAYS=3))
    access, refresh = jwt_parts(person.token)[1], jwt_parts(person.refresh)[1]
    equal((access["exp"] - access["iat"], refresh["exp"] - refresh["iat"]), (7 * 60, 3 * 86400), "seconds of life")


# ---- renewing ----

def a_refresh_token_gives_a_new_pair(w):
    person = w.sign_in()
    pair = _refresh(w.client(), person.refresh).expect(200).json
    equal(sorted(pair), ["access", "refresh"], "members")
    check(pair["refresh"] != person.refresh, "the refresh token was not rotated")
    equal(jwt_parts(pair["access"])[1]["sid"], jwt_parts(person.token)[1]["sid"], "session")
    person.token = pair["access"]
    equal(person.get(ME).expect(200).json["id"], person.user["id"], "who it is")


def rotation_goes_on_and_on(w):
    token = w.sign_in().refresh
    for _ in range(5):
        token = _refresh(w.client(), token).expect(200).json["refresh"]


def within_the_grace_a_used_token_gets_the_same_successor(w):
    person = w.sign_in()
    first = _refresh(w.client(), person.refresh).expect(200).json
    again = _refresh(w.client(), person.refresh).expect(200).json
    equal(again["refresh"], first["refresh"], "the successor, byte for byte")
    _refresh(w.client(), first["refresh"]).expect(200)


def two_refreshes_at_once_get_the_same_successor(w):
    person = w.sign_in()
    pairs = at_once([w.client() for _ in range(8)], lambda client: _refresh(client, person.refresh).expect(200).json)
    equal(len({pair["refresh"] for pair in pairs}), 1, "different successors")


def a_token_used_again_after_the_grace_ends_the_session(w):
    server = w.server(REFRESH_GRACE_SECONDS=0)
    person = w.sign_in(server=server)
    client = w.client("en", server=server)
    successor = _refresh(client, person.refresh).expect(200).json["refresh"]
    answer = _refresh(client, person.refresh).expect(401, "auth.refresh_reused")
    equal(answer.json["detail"], "This session was ended for your safety. Log in again.", "detail")
    check(answer.header("WWW-Authenticate"), "no WWW-Authenticate")
    _refresh(client, successor).expect(401, "auth.refresh_invalid")
    event = w.db.row("SELECT * FROM audit_event WHERE user_id = %s", person.user["id"])
    equal(event["event"], "refresh_reused", "audit event")
    equal(_refresh(w.client("ar", server=server), person.refresh).expect(401).status, 401, "status once more")


def the_end_of_one_session_is_not_the_end_of_others(w):
    server = w.server(REFRESH_GRACE_SECONDS=0, OTP_RESEND_COOLDOWN_SECONDS=0)
    one = w.sign_in(server=server)
    other = w.sign_in(one.phone, server=server)
    client = w.client(server=server)
    _refresh(client, one.refresh).expect(200)
    _refresh(client, one.refresh).expect(401)
    _refresh(client, other.refresh).expect(200)


def only_hashes_of_refresh_tokens_are_stored(w):
    person = w.sign_in()
    signature = person.refresh.split(".")[2]
    tables = [row["t"] for row in w.db.rows(
        "SELECT quote_ident(tablename) AS t FROM pg_tables WHERE schemaname = 'public'")]
    for table in tables:
        found = w.db.one(f"SELECT count(*) FROM {table} AS r WHERE r::text LIKE %s", f"%{signature}%")
        equal(found, 0, f"rows of {table} with the token in them")


def garbage_is_no_refresh_token(w):
    person = w.sign_in()
    claims = jwt_parts(person.refresh)[1]
    for name, token in {
        "text": "garbage", "two parts": "a.b", "four parts": "a.b.c.d", "an access token": person.token,
        "another key": jwt(claims, key="another key of at least 32 bytes, yes"), "cut": person.refresh[:-1],
        "expired": jwt({**claims, "exp": now() - 1}), "long": "x" * 5000,
    }.items():
        answer = _refresh(w.client("en"), token)
        check(answer.status in (400, 401), f"{name}: {answer.status} {answer.text}")
    _refresh(w.client(), person.refresh).expect(200)


def a_refresh_token_is_required(w):
    answer = w.client("en").post(REFRESH, {}).expect(400)
    equal(answer.json["refresh"], ["This field is required."], "refresh")


def the_words_about_what_is_no_refresh_token_in_both_languages(w):
    for language, text in (("en", "The token is invalid or expired."), ("ar", "الرمز غير صالح أو منتهي الصلاحية.")):
        equal(_refresh(w.client(language), "garbage").expect(401, "auth.token_invalid").json["detail"], text, "detail")


def the_words_about_an_ended_session_in_both_languages(w):
    person = w.sign_in()
    w.db.rows("UPDATE auth_session SET revoked_at = now(), revoked_why = 'story' WHERE user_id = %s", person.user["id"])
    for language, text in (("en", "The session has ended. Log in again."), ("ar", "انتهت الجلسة. سجّل الدخول مرة أخرى.")):
        equal(_refresh(w.client(language), person.refresh).expect(401, "auth.refresh_invalid").json["detail"], text, "detail")


# ---- using ----

def without_a_token_the_answer_is_401(w):
    answer = w.client("en").get(ME).expect(401, "auth.required")
    equal(answer.json["detail"], "Authentication credentials were not provided.", "detail")
    contains(answer.header("WWW-Authenticate"), "Bearer", "WWW-Authenticate")
    equal(w.client().get(ME).expect(401).json["detail"], "لم يتم تقديم بيانات الدخول.", "detail in Arabic")


def a_bad_token_is_401(w):
    person = w.sign_in()
    claims = jwt_parts(person.token)[1]
    none = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                    for part in ({"alg": "none", "typ": "JWT"}, claims)) + "."
    head, body, signature = person.token.split(".")
    for name, token in {
        "garbage": "x", "empty": "", "the refresh token": person.refresh, "alg none": none,
        "another algorithm": jwt(claims, header={"alg": "HS512", "typ": "JWT"}),
        "another key": jwt(claims, key="0" * 40), "expired": jwt({**claims, "exp": now() - 1}),
        "signature cut": f"{head}.{body}.{signature[:-2]}", "signature padded": person.token + "=",
        "claims changed": f"{head}.{base64.urlsafe_b64encode(json.dumps({**claims, 'user_id': 1}).encode()).decode().rstrip('=')}"
                          f".{signature}",
        "no user": jwt({k: v for k, v in claims.items() if k != "user_id"}),
    }.items():
        client = w.client("en")
        client.token = token
        answer = client.get(ME)
        check(answer.status == 401, f"{name}: {answer.status} {answer.text}")
        contains(answer.header("WWW-Authenticate") or "", "Bearer", f"{name}: WWW-Authenticate")


def the_words_about_a_bad_token_in_both_languages(w):
    for language, text in (("en", "The token is invalid or expired."), ("ar", "الرمز غير صالح أو منتهي الصلاحية.")):
        client = w.client(language)
        client.token = "x.y.z"
        equal(client.get(ME).expect(401, "auth.token_invalid").json["detail"], text, "detail")


def another_scheme_is_no_token(w):
    person = w.somebody()
    for value in (f"Basic {person.token}", f"Token {person.token}", person.token, "Bearer"):
        w.client().get(ME, headers={"Authorization": value}).expect(401)


def the_scheme_is_read_in_any_case(w):
    person = w.somebody()
    w.client().get(ME, headers={"Authorization": f"bearer {person.token}"}).expect(200)


def a_token_of_one_server_is_good_at_another_with_the_same_key(w):
    person = w.somebody()
    person.on(w.server(OTP_RESEND_COOLDOWN_SECONDS=0)).get(ME).expect(200)


def a_token_of_another_key_is_not(w):
    other = w.server(SECRET_KEY="another-key-0123456789abcdef0123456789abcdef")
    w.somebody().on(other).get(ME).expect(401)


# ---- the old way ----

def logging_in_by_password_is_gone(w):
    for language, text in GONE.items():
        for body in ({}, {"username": "a", "password": "b"}, {"phone_number": "0512345678", "password": "x" * 300}):
            equal(w.client(language).post("/api/auth/token/", body).expect(410).json["detail"], text, "detail")


def logging_in_by_password_is_gone_whatever_is_sent(w):
    client = w.client("en")
    for body, kind in ((b"{", "application/json"), (b"username=a&password=b", "application/x-www-form-urlencoded"), (b"", None)):
        answer = client.request("POST", "/api/auth/token/", body=body, headers={"Content-Type": kind})
        equal(answer.expect(410).json["detail"], GONE["en"], "detail")
