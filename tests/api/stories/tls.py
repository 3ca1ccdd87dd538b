"""HTTPS: versions, protocol choice, sessions taken up again, certificates read anew."""
import os
import shutil
import signal
import socket
import ssl

from lib.certificates import make_certificate, trusting
from lib.check import check, equal, eventually
from lib.client import Client, Wire

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def _files(w):
    """The certificate and key of the shared HTTPS server, made once."""
    certificate, key = os.path.join(w.directory, "main.crt"), os.path.join(w.directory, "main.key")
    if not os.path.exists(certificate):
        make_certificate(w.directory, "main", 1000)
    return certificate, key


def _server(w):
    certificate, key = _files(w)
    return w.server(TLS_CERT_FILE=certificate, TLS_KEY_FILE=key)


def _connect(server, context, session=None):
    raw = socket.create_connection(server.secure_place, 30)
    return context.wrap_socket(raw, server_hostname="localhost", session=session)


def the_api_answers_over_https(w):
    client = Client(_server(w), secure=trusting(_files(w)[0]))
    client.get("/api/salons/").expect(200)
    client.get("/api/auth/me/").expect(401)


def tls_1_2_and_1_3_are_spoken(w):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        with _connect(_server(w), trusting(_files(w)[0], version, version)) as tls:
            equal(tls.version(), name, "version")


def older_versions_are_refused(w):
    context = trusting(_files(w)[0], ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        _connect(_server(w), context).close()
    except (ssl.SSLError, ConnectionError):
        return
    check(False, "TLS 1.1 was spoken")


def weak_ciphers_are_refused(w):
    context = trusting(_files(w)[0], highest=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("AES128-SHA:AES256-SHA:DES-CBC3-SHA:@SECLEVEL=0")
    try:
        _connect(_server(w), context).close()
    except (ssl.SSLError, ConnectionError):
        return
    check(False, "a cipher without forward secrecy was agreed")


def http_1_1_is_chosen_by_alpn(w):
    for offered in (("http/1.1",), ("h2", "http/1.1")):
        with _connect(_server(w), trusting(_files(w)[0], alpn=offered)) as tls:
            equal(tls.selected_alpn_protocol(), "http/1.1", f"protocol out of {offered}")


def a_client_without_alpn_is_served(w):
    with Wire(_server(w).secure_place, secure=trusting(_files(w)[0], alpn=())) as wire:
        wire.send(GET)
        equal(wire.answer().status, 200, "status")


def a_client_that_speaks_nothing_of_ours_is_refused(w):
    try:
        with _connect(_server(w), trusting(_files(w)[0], alpn=("h2",))) as tls:
            tls.sendall(GET)
            check(tls.selected_alpn_protocol() in (None, "http/1.1"), "h2 was agreed")
    except (ssl.SSLError, ConnectionError):
        pass


def sessions_are_taken_up_again(w):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = trusting(_files(w)[0], version, version)
        with _connect(_server(w), context) as tls:
            tls.sendall(GET)
            tls.recv(4096)  # in TLS 1.3 the tickets come behind the handshake
            session = tls.session
        with _connect(_server(w), context, session) as tls:
            check(tls.session_reused, f"{version.name}: the session was not taken up again")
            tls.sendall(GET)
            check(tls.recv(4096).startswith(b"HTTP/1.1 200"), "no answer in the resumed session")


def a_large_answer_arrives_whole(w):
    client = Client(_server(w), secure=trusting(_files(w)[0]))
    plain = w.client(server=_server(w)).get("/api/salons/?limit=100").expect(200)
    equal(client.get("/api/salons/?limit=100").expect(200).json, plain.json, "the list")


def a_large_body_arrives_whole(w):
    client = Client(_server(w), secure=trusting(_files(w)[0]))
    answer = client.post("/api/auth/phone/request/", {"phone_number": "bad", "channel": "sms", "x": "y" * 60000}).expect(400)
    check("phone_number" in answer.json, f"{answer.json}")


def plain_http_on_the_https_port_does_no_harm(w):
    with Wire(_server(w).secure_place) as wire:
        wire.send(GET)
        while wire.socket.recv(4096):
            pass
    with _connect(_server(w), trusting(_files(w)[0])) as tls:
        tls.sendall(GET)
        check(tls.recv(4096).startswith(b"HTTP/1.1 200"), "no answer afterwards")


def garbage_on_the_https_port_does_no_harm(w):
    for garbage in (b"\x16\x03\x01\xff\xff" + b"\x00" * 200, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", b"\xff" * 20000, b"\x80\x2e\x01"):
        with Wire(_server(w).secure_place) as wire:
            wire.send(garbage)
    with _connect(_server(w), trusting(_files(w)[0])) as tls:
        tls.sendall(GET)
        check(tls.recv(4096).startswith(b"HTTP/1.1 200"), "no answer afterwards")


def sighup_reads_the_certificate_again(w):
    certificate, key = os.path.join(w.directory, "turn.crt"), os.path.join(w.directory, "turn.key")
    old, new = (make_certificate(w.directory, name, serial) for name, serial in (("old", 2001), ("new", 2002)))
    _install(old, certificate, key)
    with w.own_server(TLS_CERT_FILE=certificate, TLS_KEY_FILE=key) as server:
        kept = _connect(server, trusting(old[0]))
        _install(new, certificate, key)
        server.send_signal(signal.SIGHUP)
        eventually(lambda: _serial_of(server, new[0]) == 2002, "the new certificate is shown")
        kept.sendall(GET)
        check(kept.recv(4096).startswith(b"HTTP/1.1 200"), "the kept connection was lost")
        kept.close()


def a_broken_certificate_at_sighup_keeps_the_old_one(w):
    certificate, key = os.path.join(w.directory, "break.crt"), os.path.join(w.directory, "break.key")
    old = make_certificate(w.directory, "kept", 3001)
    _install(old, certificate, key)
    with w.own_server(TLS_CERT_FILE=certificate, TLS_KEY_FILE=key) as server:
        with open(certificate, "w", encoding="utf-8") as file:
            file.write("no certificate\n")
        since = server.log_size()
        server.send_signal(signal.SIGHUP)
        eventually(lambda: server.log(since).strip(), "the log says something about it")
        equal(_serial_of(server, old[0]), 3001, "serial number")


def a_key_of_another_certificate_stops_the_start(w):
    one, other = make_certificate(w.directory, "one", 4001), make_certificate(w.directory, "other", 4002)
    code, _, err = w.command("serve", HTTPS_LISTEN="127.0.0.1:0", TLS_CERT_FILE=one[0], TLS_KEY_FILE=other[1])
    equal(code, 1, f"exit code ({err})")
    check("TLS_" in err and len(err.strip().splitlines()) == 1, f"no clear line: {err}")


def _install(pair, certificate, key):
    for source, target in zip(pair, (certificate, key)):
        shutil.copy(source, target + ".new")
        os.rename(target + ".new", target)


def _serial_of(server, trusted):
    try:
        with _connect(server, trusting(trusted)) as tls:
            return int(tls.getpeercert()["serialNumber"], 16)
    except ssl.SSLCertVerificationError:
        return None
