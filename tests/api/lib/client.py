"""HTTP as a well-behaved client speaks it. Every answer is held against docs/openapi.yaml.

A Client is one person with one device: an address (behind the trusted proxy that the tests are), a
user agent and a kept-alive connection of its own. The server counts by both, so two clients never
eat from each other's limits.
"""
import http.client
import itertools
import json
import socket
import ssl

from .check import Failure, equal, show

TIMEOUT = 60.0
_serial = itertools.count(1)


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # [(name, value)], as sent
        self.body = body

    def header(self, name):
        """All values of that name joined by ", ", or None."""
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Failure(f"{self.status} with a body that is not JSON: {self.body[:300]!r}") from error

    @property
    def text(self):
        return self.body.decode()

    def expect(self, status, code=None):
        """This answer itself, if it has that status (and error code)."""
        if self.status != status:
            raise Failure(f"answered {self.status} {self.body[:600].decode(errors='replace')}, "
                          f"expected {status}{' ' + code if code else ''}")
        if code is not None:
            equal(self.json.get("code"), code, f"the code of {show(self.json)}")
        return self


class Client:
    def __init__(self, server, language=None, address=None, agent=None, token=None, secure=None,
                 documented=True):
        number = next(_serial)
        self.server = server
        self.language = language
        self.address = address or f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.agent = agent or f"story/{number}"
        self.token = token
        self.secure = secure  # an ssl.SSLContext: talk to the HTTPS listener
        self.documented = documented
        self.connection = None
        self.phone = self.user = self.refresh = None  # of whoever signed in with it

    def as_language(self, language):
        """The same person and device, speaking another language."""
        twin = Client(self.server, language, self.address, self.agent, self.token, self.secure)
        twin.phone, twin.user, twin.refresh = self.phone, self.user, self.refresh
        return twin

    def on(self, server):
        """The same person and device at another server."""
        twin = Client(server, self.language, self.address, self.agent, self.token)
        twin.phone, twin.user, twin.refresh = self.phone, self.user, self.refresh
        return twin

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, data=None, **more):
        return self.request("POST", path, data, **more)

    def patch(self, path, data=None, **more):
        return self.request("PATCH", path, data, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def request(self, method, path, data=None, body=None, headers=None, timeout=TIMEOUT):
        """`data` is sent as JSON, `body` as it is. A header of value None is left out."""
        sent = self._headers(data)
        for name, value in (headers or {}).items():
            sent = {n: v for n, v in sent.items() if n.lower() != name.lower()}
            sent[name] = value
        if data is not None:
            body = json.dumps(data, ensure_ascii=False).encode()
        sent = {n: v.encode() if isinstance(v, str) else v for n, v in sent.items() if v is not None}
        response = self._exchange(method, path, body, sent, timeout)
        if self.documented:
            self.server.contract.judge(method, path, response)
        return response

    def _headers(self, data):
        headers = {"X-Forwarded-For": self.address, "User-Agent": self.agent, "Accept-Language": self.language}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if data is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def _exchange(self, method, path, body, headers, timeout):
        kept = self.connection is not None
        try:
            return self._once(method, path, body, headers, timeout)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # A kept connection may have been closed while idle; anything else is the server's fault.
            self.close()
            if not kept or method not in ("GET", "HEAD", "OPTIONS"):
                raise
            return self._once(method, path, body, headers, timeout)
        except Exception:
            self.close()
            raise

    def _once(self, method, path, body, headers, timeout):
        if self.connection is None:
            self.connection = self._connect(timeout)
        elif self.connection.sock is not None:
            self.connection.sock.settimeout(timeout)
        self.connection.request(method, path, body=body, headers=headers)
        raw = self.connection.getresponse()
        response = Response(raw.status, raw.getheaders(), raw.read())
        if raw.will_close:
            self.close()
        return response

    def _connect(self, timeout):
        if self.secure is not None:
            return http.client.HTTPSConnection(*self.server.secure_place, timeout=timeout, context=self.secure)
        return http.client.HTTPConnection(*self.server.place, timeout=timeout)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Wire:
    """A raw connection, for what no well-behaved client would send."""

    def __init__(self, place, source=None, timeout=TIMEOUT, secure=None):
        self.socket = socket.create_connection(place, timeout, source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure is not None:
            self.socket = secure.wrap_socket(self.socket, server_hostname="localhost")
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        """False when the server has closed its side already."""
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode())
            return True
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return False

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def answer(self):
        """The next response, or None when the connection ended before one."""
        while b"\r\n\r\n" not in self.received:
            if not self._more():
                return None
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        response = Response(int(lines[0].split(" ")[1]), headers, b"")
        if response.status >= 200 and response.status not in (204, 304):
            response.body = self._body(response)
        return response

    def closed(self):
        """Has the server closed, with nothing more to say? Waits for it."""
        while not self.received:
            if not self._more():
                return True
        return False

    def _body(self, response):
        length = int(response.header("Content-Length") or 0)
        while len(self.received) < length:
            if not self._more():
                raise Failure(f"{response.status} was cut: {len(self.received)} of {length} bytes")
        body, self.received = self.received[:length], self.received[length:]
        return body

    def _more(self):
        try:
            chunk = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            chunk = b""
        self.received += chunk
        return bool(chunk)

    def close(self):
        self.socket.close()
