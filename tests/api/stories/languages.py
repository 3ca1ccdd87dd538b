"""Refusals speak the signed-in user's language wherever the request could be read, the header's above it."""
from lib.check import equal
from lib.world import jwt, jwt_parts

ENGLISH = {404: "Not found.", 405: "This method is not allowed here.", 413: "The body is too large.",
           408: "The request did not arrive in time."}


def _speaker(w, server=None):
    return w.prefer(w.sign_in(server=server), "en")


def _head(person, line, *more):
    return "\r\n".join([line, "Host: a", f"Authorization: Bearer {person.token}", "Content-Type: application/json", *more, "", ""])


def _told(w, person, bytes_of_request, server=None):
    with w.wire(server) as wire:
        for part in bytes_of_request:
            if not wire.send(part):
                break
        answer = wire.answer()
        return answer.status, answer.json["detail"]


def paths_and_methods_that_are_not_there_are_refused_in_her_language(w):
    person = _speaker(w)
    for method, path, status, arabic in (("GET", "/api/nowhere/", 404, "غير موجود."),
                                         ("DELETE", "/api/salons/", 405, "هذه الطريقة غير مسموح بها هنا.")):
        equal(person.request(method, path).expect(status).json["detail"], ENGLISH[status], "detail")
        equal(person.as_language("ar").request(method, path).expect(status).json["detail"], arabic, "detail with the header")
    nobody = w.client()
    nobody.token = person.token[:-4] + "AAAA"
    equal(nobody.get("/api/nowhere/").expect(404).json["detail"], "غير موجود.", "detail for a token that is none")


def another_preference_is_felt_from_the_next_token_on(w):
    person = w.sign_in(language="ar")
    person.language = None
    answer = person.patch("/api/auth/me/", {"preferred_language": "en"}).expect(200).json
    equal(answer["preferred_language"], "en", "profile")
    equal(person.get("/api/nowhere/").expect(404).json["detail"], "غير موجود.", "detail while the old token is good")
    person.token = person.post("/api/auth/token/refresh/", {"refresh": person.refresh}).expect(200).json["access"]
    equal(person.get("/api/nowhere/").expect(404).json["detail"], ENGLISH[404], "detail with the new token")


def a_token_that_names_no_language_speaks_arabic(w):
    person = _speaker(w)
    claims = jwt_parts(person.token)[1]
    equal(claims["lang"], "en", "lang")
    for others in ({}, {"lang": "fr"}):
        person.token = jwt({**{k: v for k, v in claims.items() if k != "lang"}, **others})
        equal(person.get("/api/bookings/999999999/").expect(404).json["detail"], "غير موجود.", f"detail with {others}")


def open_endpoints_refuse_in_her_language_too(w):
    person = _speaker(w)
    equal(person.post("/api/auth/phone/request/", {"channel": "sms"}).expect(400).json["phone_number"],
          ["This field is required."], "the field's text")


def bodies_that_are_too_large_are_refused_in_her_language(w):
    person = _speaker(w)
    length = _head(person, "POST /api/bookings/ HTTP/1.1", "Content-Length: 1000000")
    chunked = _head(person, "POST /api/bookings/ HTTP/1.1", "Transfer-Encoding: chunked")
    chunks = [b"1000\r\n" + b" " * 4096 + b"\r\n"] * 20
    for request in ([length], [chunked, *chunks]):
        equal(_told(w, person, request), (413, ENGLISH[413]), "answer")


def bodies_that_do_not_come_are_refused_in_her_language(w):
    server = w.server(BODY_TIMEOUT_SECONDS=1, REQUEST_TIMEOUT_MS=500)
    person = _speaker(w, server)
    request = _head(person, "POST /api/bookings/ HTTP/1.1", "Content-Length: 10") + "{"
    equal(_told(w, person, [request], server), (408, ENGLISH[408]), "answer")
