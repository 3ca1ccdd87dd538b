"""Bytes that two HTTP parsers could read differently: refused, and the connection is over.

Behind every such request follows a second one, the smuggled. It must never be answered.
"""
import json

from lib.check import Failure, check, equal

GOOD_HEAD = "POST /api/auth/token/ HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
SMUGGLED = "GET /healthz HTTP/1.1\r\nHost: smuggled.example\r\n\r\n"


def _chunked(body, headers="Transfer-Encoding: chunked\r\n"):
    return GOOD_HEAD + headers + "\r\n" + body


def _answers(w, raw):
    """All answers to those bytes, until the server closes."""
    with w.wire() as wire:
        wire.send(raw if isinstance(raw, bytes) else raw.encode())
        answers = []
        while (answer := wire.answer()) is not None:
            answers.append(answer)
            if len(answers) > 2:
                raise Failure(f"more than two answers to {raw!r}")
        return answers


def _refused(w, name, raw, statuses=(400,)):
    raw = raw if isinstance(raw, bytes) else raw.encode()
    answers = _answers(w, raw + SMUGGLED.encode())
    seen = [answer.status for answer in answers]
    check(len(seen) == 1 and seen[0] in statuses, f"{name}: answered {seen}, expected one of {statuses} and the end")
    answer = answers[0]
    check((answer.header("Connection") or "").lower() == "close", f"{name}: the answer does not announce the end")
    check(answer.header("X-Request-Id"), f"{name}: no X-Request-Id")
    check("detail" in json.loads(answer.body), f"{name}: no error object, but {answer.body[:200]!r}")


def _all_refused(w, table, statuses=(400,)):
    for name, raw in table.items():
        _refused(w, name, raw, statuses)


def what_the_table_varies_is_fine_by_itself(w):
    for name, raw in {
        "content length": GOOD_HEAD + "Content-Length: 2\r\n\r\n{}",
        "chunked": _chunked("2\r\n{}\r\n0\r\n\r\n"),
        "coding in capitals": _chunked("2\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: Chunked\r\n"),
        "chunk extension": _chunked('2;a=b;c="d"\r\n{}\r\n0\r\n\r\n'),
        "trailers": _chunked("2\r\n{}\r\n0\r\nX-Checksum: 1\r\n\r\n"),
        "one empty line before": "\r\n" + GOOD_HEAD + "Content-Length: 2\r\n\r\n{}",
        "absolute form": GOOD_HEAD.replace("/api", "http://api.example/api", 1) + "Content-Length: 2\r\n\r\n{}",
    }.items():
        with w.wire() as wire:
            wire.send(raw)
            equal(wire.answer().status, 410, f"{name}: status")
            wire.send(SMUGGLED)
            equal(wire.answer().status, 200, f"{name}: status of the next request on the same connection")


def two_requests_in_one_segment_get_two_answers_in_order(w):
    with w.wire() as wire:
        wire.send(GOOD_HEAD + "Content-Length: 2\r\n\r\n{}" + SMUGGLED)
        equal([wire.answer().status, wire.answer().status], [410, 200], "statuses")


def a_request_arriving_byte_by_byte_is_understood(w):
    with w.wire() as wire:
        for byte in _chunked("2\r\n{}\r\n0\r\n\r\n").encode():
            wire.send(bytes([byte]))
        equal(wire.answer().status, 410, "status")


def line_ends_that_are_not_crlf_are_refused(w):
    good = GOOD_HEAD + "Content-Length: 2\r\n\r\n{}"
    _all_refused(w, {
        "bare LF everywhere": good.replace("\r\n", "\n"),
        "bare LF after the request line": good.replace("\r\n", "\n", 1),
        "bare LF after a header": good.replace("example\r\n", "example\n"),
        "bare CR in a value": good.replace("api.example", "api.ex\rample"),
        "bare CR in the request line": good.replace("/api", "/a\rpi", 1),
    })


def header_lines_that_could_be_read_twice_are_refused(w):
    good = GOOD_HEAD + "Content-Length: 2\r\n\r\n{}"
    _all_refused(w, {
        "space before the colon": good.replace("Content-Length:", "Content-Length :"),
        "tab before the colon": good.replace("Content-Length:", "Content-Length\t:"),
        "folded line": good.replace("Host: api.example\r\n", "Host: api.example\r\nX-A: b\r\n c\r\n"),
        "space before the first header": good.replace("HTTP/1.1\r\n", "HTTP/1.1\r\n "),
        "leading whitespace line": " \r\n" + good,
        "no colon": good.replace("Content-Type: application/json", "Content-Type"),
        "empty name": good.replace("Content-Type:", ":"),
        "control in a name": good.replace("Content-Type", "Content\x01Type"),
        "non-token in a name": good.replace("Content-Type", "Content(Type"),
        "NUL in a value": good.replace("application/json", "application/\0json"),
        "DEL in a value": good.replace("application/json", "application/\x7fjson"),
    })


def request_lines_that_are_not_exact_are_refused(w):
    good = GOOD_HEAD + "Content-Length: 2\r\n\r\n{}"
    _all_refused(w, {
        "method not a token": good.replace("POST", "PO(ST", 1),
        "two spaces": good.replace("POST ", "POST  ", 1),
        "tab for a space": good.replace("POST ", "POST\t", 1),
        "three spaces before the version": good.replace(" HTTP", "   HTTP", 1),
        "no version": good.replace(" HTTP/1.1", "", 1),
        "lower-case version": good.replace("HTTP/1.1", "http/1.1", 1),
        "space after the version": good.replace("HTTP/1.1", "HTTP/1.1 ", 1),
        "version of three parts": good.replace("HTTP/1.1", "HTTP/1.1.1", 1),
        "empty target": good.replace("/api/auth/token/", "", 1),
        "target without a slash": good.replace("/api/auth/token/", "api/auth/token/", 1),
        "control in the target": good.replace("/token/", "/to\x02ken/", 1),
        "two empty lines before": "\r\n\r\n" + good,
    })


def other_major_versions_are_505(w):
    good = GOOD_HEAD + "Content-Length: 2\r\n\r\n{}"
    _all_refused(w, {"2.0": good.replace("HTTP/1.1", "HTTP/2.0", 1), "3.0": good.replace("HTTP/1.1", "HTTP/3.0", 1)},
                 (505, 400))
    _all_refused(w, {"the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, (400, 505))
    _all_refused(w, {"HTTP/0.9": "GET /healthz\r\n"}, (400, 505))


def lengths_that_are_not_one_plain_number_are_refused(w):
    def with_length(lines):
        return GOOD_HEAD + lines + "\r\n\r\n{}"
    _all_refused(w, {
        "sign": with_length("Content-Length: +2"),
        "minus": with_length("Content-Length: -2"),
        "hexadecimal": with_length("Content-Length: 0x2"),
        "list": with_length("Content-Length: 2,2"),
        "list with a space": with_length("Content-Length: 2, 2"),
        "inner space": with_length("Content-Length: 2 2"),
        "empty": with_length("Content-Length: "),
        "overflow": with_length("Content-Length: 18446744073709551618"),
        "twice, equal": with_length("Content-Length: 2\r\nContent-Length: 2"),
        "twice, different": with_length("Content-Length: 2\r\nContent-Length: 3"),
        "Arabic digit": with_length("Content-Length: ٢"),
    }, (400, 413))


def transfer_codings_other_than_chunked_once_are_refused(w):
    body = "2\r\n{}\r\n0\r\n\r\n"
    _all_refused(w, {
        "with a content length": _chunked(body, "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
        "chunked twice": _chunked(body, "Transfer-Encoding: chunked, chunked\r\n"),
        "two lines": _chunked(body, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        "not the last": _chunked(body, "Transfer-Encoding: chunked, identity\r\n"),
        "unknown": _chunked(body, "Transfer-Encoding: xchunked\r\n"),
        "gzip": _chunked(body, "Transfer-Encoding: gzip, chunked\r\n"),
        "identity": _chunked(body, "Transfer-Encoding: identity\r\n"),
        "trailing comma": _chunked(body, "Transfer-Encoding: chunked,\r\n"),
        "vertical tab": _chunked(body, "Transfer-Encoding: \x0bchunked\r\n"),
        "parameter": _chunked(body, "Transfer-Encoding: chunked;q=1\r\n"),
        "empty": _chunked(body, "Transfer-Encoding: \r\n"),
        "quoted": _chunked(body, 'Transfer-Encoding: "chunked"\r\n'),
    }, (400, 501))
    _refused(w, "in HTTP/1.0", _chunked(body).replace("HTTP/1.1", "HTTP/1.0", 1))


def chunks_that_are_not_exact_are_refused(w):
    _all_refused(w, {
        "size not hexadecimal": _chunked("g\r\n{}\r\n0\r\n\r\n"),
        "prefix 0x": _chunked("0x2\r\n{}\r\n0\r\n\r\n"),
        "sign": _chunked("+2\r\n{}\r\n0\r\n\r\n"),
        "empty size": _chunked("\r\n{}\r\n0\r\n\r\n"),
        "sixteen digits": _chunked("0000000000000002\r\n{}\r\n0\r\n\r\n"),
        "overflow": _chunked("ffffffffffffffffff2\r\n{}\r\n0\r\n\r\n"),
        "space before": _chunked(" 2\r\n{}\r\n0\r\n\r\n"),
        "space after": _chunked("2 \r\n{}\r\n0\r\n\r\n"),
        "LF after the size": _chunked("2\n{}\r\n0\r\n\r\n"),
        "LF after the data": _chunked("2\r\n{}\n0\r\n\r\n"),
        "data longer than said": _chunked("2\r\n{}}\r\n0\r\n\r\n"),
        "broken quoted extension": _chunked('2;a="b\r\n{}\r\n0\r\n\r\n'),
        "endless extension": _chunked("2;" + "a" * 5000 + "\r\n{}\r\n0\r\n\r\n"),
        "bare CR in an extension": _chunked("2;a\rb\r\n{}\r\n0\r\n\r\n"),
        "broken trailer": _chunked("2\r\n{}\r\n0\r\nX-A : b\r\n\r\n"),
        "endless trailers": _chunked("2\r\n{}\r\n0\r\n" + "X-A: b\r\n" * 3000 + "\r\n"),
    }, (400, 413, 431))


def trailers_never_become_headers(w):
    me = w.somebody()
    raw = ("GET /api/auth/me/ HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n"
           f"0\r\nAuthorization: Bearer {me.token}\r\n\r\n")
    with w.wire() as wire:
        wire.send(raw)
        equal(wire.answer().status, 401, "status")


def host_must_be_there_once_and_be_one(w):
    good = GOOD_HEAD + "Content-Length: 2\r\n\r\n{}"
    _all_refused(w, {
        "none": good.replace("Host: api.example\r\n", ""),
        "two": good.replace("Host: api.example\r\n", "Host: api.example\r\nHost: api.example\r\n"),
        "with a path": good.replace("Host: api.example", "Host: api.example/x"),
        "with a user": good.replace("Host: api.example", "Host: user@api.example"),
        "with a space": good.replace("Host: api.example", "Host: api example"),
        "bad port": good.replace("Host: api.example", "Host: api.example:8x"),
        "other than the target's": good.replace("/api", "http://other.example/api", 1),
    })


def an_expectation_other_than_continue_is_417(w):
    _refused(w, "expectation", GOOD_HEAD + "Content-Length: 2\r\nExpect: tea\r\n\r\n{}", (417,))


def connect_and_trace_are_refused(w):
    _all_refused(w, {"CONNECT": "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n",
                     "TRACE": "TRACE /healthz HTTP/1.1\r\nHost: api.example\r\n\r\n"}, (405, 501, 400))


def an_unknown_method_is_refused(w):
    with w.wire() as wire:
        wire.send("BREW /healthz HTTP/1.1\r\nHost: api.example\r\n\r\n")
        check(wire.answer().status in (405, 501), "neither 405 nor 501")


def an_upgrade_to_another_protocol_is_ignored(w):
    with w.wire() as wire:
        wire.send("GET /healthz HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                  "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
        equal(wire.answer().status, 200, "status")


def bytes_behind_a_request_that_closes_are_discarded(w):
    answers = _answers(w, SMUGGLED.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n") + SMUGGLED)
    equal([answer.status for answer in answers], [200], "statuses")
    equal(answers[0].header("Connection"), "close", "Connection")


def http_1_0_closes_unless_asked_to_keep(w):
    equal([a.status for a in _answers(w, "GET /healthz HTTP/1.0\r\n\r\n" + SMUGGLED)], [200], "statuses")
    with w.wire() as wire:
        wire.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        equal(wire.answer().status, 200, "status")
        wire.send("GET /healthz HTTP/1.0\r\n\r\n")
        equal(wire.answer().status, 200, "status of the second")
        check(wire.closed(), "still open")


def a_body_is_framed_on_methods_that_read_none(w):
    body = "GET /api/auth/me/ HTTP/1.1\r\nHost: x\r\n\r\n"
    with w.wire() as wire:
        wire.send(f"GET /healthz HTTP/1.1\r\nHost: api.example\r\nContent-Length: {len(body)}\r\n\r\n{body}{SMUGGLED}")
        statuses = [wire.answer().status]
        second = wire.answer()
        statuses += [second.status] if second else []
    check(401 not in statuses, f"the body was read as a request: {statuses}")
    equal(statuses[0], 200, "status of the first")


def a_request_id_cannot_split_the_answer(w):
    with w.wire() as wire:
        wire.send("GET /healthz HTTP/1.1\r\nHost: api.example\r\nX-Request-Id: a\tb%0d%0aSet-Cookie: x=1\r\n\r\n")
        answer = wire.answer()
    equal(answer.status, 200, "status")
    check(answer.header("Set-Cookie") is None, "a header was injected")
    check("%0d" not in answer.header("X-Request-Id") and "\t" not in answer.header("X-Request-Id"),
          f"an odd request id was taken: {answer.header('X-Request-Id')!r}")
