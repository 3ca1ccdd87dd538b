#!/usr/bin/python3
"""A fake Authentica: a process of its own that keeps to the vendor's wire format, and can misbehave.

    authentica.py [--port N] [--control-port N] [--key KEY] [--behaviour JSON]

Prints one line, "api http://127.0.0.1:N control http://127.0.0.1:N", when it listens. Everything the
vendor documents is checked as the vendor would: the method, `X-Authorization`, JSON, the exact fields.

The control listener (never misbehaves):
    POST /behaviour   {"send": {...}, "verify": {...}, "phones": {"+9665...": {"send": {...}}}}
                      replaces the whole behaviour; {} is a well-behaved partner. For a phone listed
                      under "phones", its entry counts instead of the general one.
    GET  /state       {"sends": {phone: n}, "checks": {phone: n}, "codes": {phone: code},
                       "bodies": [every body seen, newest last], "waiting": n, "connections": n}
    POST /reset       forgets the state and the behaviour
    POST /listening   {"on": false} closes the API's port: connections are refused. {"on": true} reopens it.

A behaviour is {"mode": ..., and what the mode needs}:
    ok            as documented. "delay": s waits first. "shape": status | verified | success | all (verify)
    error         "status": 401, 422, 429, 500, ...; "retry_after": n adds the header; "body": any JSON
    rejected      verify: as if the code were wrong. "status": 200 (a false flag), 400 or 422
    nonsense      200 with "text" (default: an HTML page), which is no JSON
    empty         200 with no body
    silent        reads the request and never answers (the connection stays open)
    drop          closes before anything is sent, nothing accepted
    drop_accepted accepts (counts, makes the code), then closes without an answer
    half          promises the whole answer, sends half of it, closes
    trickle       one byte every "delay" seconds (default 1)
    flood         answers with an endless body
    huge_head     answers with an endless head
"""
import argparse
import asyncio
import json
import random
import re

E164 = re.compile(r"\+[1-9]\d{1,14}")
PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
           422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error"}
BODIES_KEPT = 2000


class Answer(Exception):
    """An answer decided somewhere deep."""

    def __init__(self, status, body, headers=()):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


class State:
    def __init__(self):
        self.sends, self.checks, self.codes, self.bodies = {}, {}, {}, []
        self.waiting = 0

    def count(self, table, phone):
        table[phone] = table.get(phone, 0) + 1


class Fake:
    def __init__(self, key):
        self.key = key
        self.state = State()
        self.behaviour = {}
        self.connections = set()
        self.listener = None
        self.port = 0

    # ---- the API ----

    async def serve(self, reader, writer):
        self.connections.add(writer)
        try:
            while await self.exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.connections.discard(writer)
            writer.transport.abort()

    async def exchange(self, reader, writer):
        """One request and its answer. False: the connection is over."""
        request = await read_request(reader)
        if request is None:
            return False
        method, path, headers, raw = request
        try:
            call, body = self.understand(method, path, headers, raw)
            behaviour = self.behaviour_for(call, body.get("phone"))
            self.state.waiting += 1
            try:
                return await self.act(writer, reader, call, body, behaviour)
            finally:
                self.state.waiting -= 1
        except Answer as answer:
            await send(writer, answer.status, answer.body, answer.headers)
            return True

    def understand(self, method, path, headers, raw):
        """(call, body) of a request that the vendor would accept; Answer otherwise."""
        calls = {"/api/v2/send-otp": "send", "/api/v2/verify-otp": "verify", "/api/v2/balance": "balance"}
        call = calls.get(path)
        if call is None:
            raise Answer(404, {"message": "Not Found"})
        if method != ("GET" if call == "balance" else "POST"):
            raise Answer(405, {"message": "Method Not Allowed"})
        if headers.get("x-authorization") != self.key:
            raise Answer(401, {"message": "Unauthenticated."})
        if call == "balance":
            raise Answer(200, {"data": {"balance": 21934}})
        return call, self.checked_body(call, headers, raw)

    def checked_body(self, call, headers, raw):
        if not headers.get("content-type", "").startswith("application/json"):
            raise Answer(400, {"message": "Content-Type must be application/json"})
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Answer(400, {"message": "Malformed JSON"})
        self.state.bodies = self.state.bodies[-BODIES_KEPT + 1:] + [{"call": call, "body": body}]
        errors = dict(field_errors(call, body))
        if errors:
            raise Answer(422, {"message": "The given data was invalid.", "errors": errors})
        return body

    def behaviour_for(self, call, phone):
        own = self.behaviour.get("phones", {}).get(phone, {})
        return own.get(call) or self.behaviour.get(call) or {"mode": "ok"}

    async def act(self, writer, reader, call, body, behaviour):
        mode = behaviour.get("mode", "ok")
        if mode not in MODES:
            raise Answer(500, {"message": f"the fake knows no mode {mode}"})
        if mode != "trickle" and behaviour.get("delay"):
            await asyncio.sleep(behaviour["delay"])
        return await MODES[mode](self, writer, reader, call, body, behaviour)

    def accept(self, call, body, behaviour):
        """Does the work, and says what the vendor would say."""
        phone = body["phone"]
        if call == "send":
            self.state.count(self.state.sends, phone)
            self.state.codes[phone] = body.get("otp") or f"{random.SystemRandom().randrange(10**6):06d}"
            return {"success": True, "data": None, "message": "OTP send successfully"}
        self.state.count(self.state.checks, phone)
        right = self.state.codes.get(phone) == body["otp"]
        if right:
            del self.state.codes[phone]
            return shaped(behaviour.get("shape", "status"), True, "OTP verified successfully")
        return self.refusal(behaviour)

    @staticmethod
    def refusal(behaviour):
        status = behaviour.get("status", 200)
        if status != 200:
            raise Answer(status, {"message": "Invalid OTP", "errors": {"otp": ["Invalid OTP"]}})
        return shaped(behaviour.get("shape", "status"), False, "Invalid OTP")

    # ---- modes ----

    async def ok(self, writer, _reader, call, body, behaviour):
        await send(writer, 200, self.accept(call, body, behaviour))
        return True

    async def error(self, writer, _reader, _call, _body, behaviour):
        headers = [("Retry-After", str(behaviour["retry_after"]))] if "retry_after" in behaviour else []
        await send(writer, behaviour["status"], behaviour.get("body", {"detail": "fail"}), headers)
        return True

    async def rejected(self, writer, _reader, _call, _body, behaviour):
        await send(writer, 200, self.refusal(behaviour))
        return True

    async def nonsense(self, writer, _reader, _call, _body, behaviour):
        await send_raw(writer, 200, behaviour.get("text", "<html><body>It works!</body></html>").encode(), "text/html")
        return True

    async def empty(self, writer, *_):
        await send_raw(writer, 200, b"", "application/json")
        return True

    async def silent(self, _writer, reader, *_):
        await reader.read()  # until the other side gives up
        return False

    async def drop(self, *_):
        return False

    async def drop_accepted(self, _writer, _reader, call, body, behaviour):
        self.accept(call, body, behaviour)
        return False

    async def half(self, writer, _reader, call, body, behaviour):
        whole = response_bytes(200, json.dumps(self.accept(call, body, behaviour)).encode(), "application/json")
        writer.write(whole[:-20])
        await writer.drain()
        writer.write_eof()
        return False

    async def trickle(self, writer, _reader, call, body, behaviour):
        for byte in response_bytes(200, json.dumps(self.accept(call, body, behaviour)).encode(), "application/json"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(behaviour.get("delay", 1))
        return True

    async def flood(self, writer, *_):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b" " * 65536)
            await writer.drain()

    async def huge_head(self, writer, *_):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Filler: " + b"x" * 4096 + b"\r\n")
            await writer.drain()

    # ---- control ----

    async def control(self, reader, writer):
        try:
            while (request := await read_request(reader)) is not None:
                method, path, _headers, raw = request
                try:
                    reply = await self.command(method, path, json.loads(raw or b"{}"))
                    await send(writer, 200, reply)
                except Answer as answer:
                    await send(writer, answer.status, answer.body)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def command(self, method, path, body):
        if (method, path) == ("GET", "/state"):
            return {**vars(self.state), "connections": len(self.connections)}
        if (method, path) == ("POST", "/behaviour"):
            self.behaviour = body
        elif (method, path) == ("POST", "/reset"):
            self.state, self.behaviour = State(), {}
        elif (method, path) == ("POST", "/listening"):
            await self.listen() if body["on"] else await self.unlisten()
        else:
            raise Answer(404, {"message": "no such command"})
        return {"ok": True}

    async def listen(self):
        if self.listener is None:
            self.listener = await asyncio.start_server(self.serve, "127.0.0.1", self.port, backlog=2048)
            self.port = self.listener.sockets[0].getsockname()[1]

    async def unlisten(self):
        """Closes the port and every connection: the next attempt is refused."""
        if self.listener is not None:
            self.listener.close()
            await self.listener.wait_closed()
            self.listener = None
        for writer in list(self.connections):
            writer.transport.abort()


MODES = {name: getattr(Fake, name) for name in (
    "ok", "error", "rejected", "nonsense", "empty", "silent", "drop", "drop_accepted", "half", "trickle", "flood",
    "huge_head")}


def field_errors(call, body):
    """What the vendor's field rules say about a body."""
    if not isinstance(body.get("phone"), str) or not E164.fullmatch(body["phone"]):
        yield "phone", ["The phone format is invalid."]
    if call == "send":
        if "method" in body and body["method"] not in ("sms", "whatsapp"):
            yield "method", ["The selected method is invalid."]
        known = {"method", "phone", "email", "template_id", "otp", "fallback_phone", "fallback_email"}
    else:
        if not isinstance(body.get("otp"), str) or not body["otp"]:
            yield "otp", ["The otp field is required."]
        known = {"phone", "email", "otp"}
    for name in body.keys() - known:
        yield name, ["This field is not known."]


def shaped(shape, verdict, message):
    """The vendor's own sources name the verdict in three ways."""
    names = ("status", "verified", "success") if shape == "all" else (shape,)
    return {**{name: verdict for name in names}, "message": message}


async def read_request(reader):
    """(method, path, lower-case headers, body), or None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return method, path.split("?")[0], headers, await reader.readexactly(int(headers.get("content-length", 0)))


def response_bytes(status, body, content_type, headers=()):
    lines = [f"HTTP/1.1 {status} {PHRASES.get(status, 'Status')}", f"Content-Type: {content_type}",
             f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def send_raw(writer, status, body, content_type, headers=()):
    writer.write(response_bytes(status, body, content_type, headers))
    await writer.drain()


async def send(writer, status, body, headers=()):
    await send_raw(writer, status, json.dumps(body).encode(), "application/json", headers)


async def main():
    options = argparse.ArgumentParser(description="fake Authentica")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--control-port", type=int, default=0)
    options.add_argument("--key", default="fake-authentica-key")
    options.add_argument("--behaviour", type=json.loads, default={})
    options = options.parse_args()
    fake = Fake(options.key)
    fake.port = options.port
    fake.behaviour = options.behaviour
    await fake.listen()
    control = await asyncio.start_server(fake.control, "127.0.0.1", options.control_port)
    print(f"api http://127.0.0.1:{fake.port} "
          f"control http://127.0.0.1:{control.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
