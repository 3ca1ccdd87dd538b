#!/usr/bin/python3
"""fake_partner.py [CERT KEY] - an HTTP partner on 127.0.0.1 that misbehaves on request.

Prints its port. The path says what to do, an optional "?n" how much:
  /ok  /echo  /slow?ms  /hang  /half  /garbage  /big?bytes  /endless  /redirect  /busy  /sick
  /drop     reads the request and closes without a word
  /stale    answers, and closes without a word at the next request of that connection
  /counts   "connections requests posts" so far
"""
import json
import socket
import ssl
import sys
import threading
import time

lock = threading.Lock()
counts = {"connections": 0, "requests": 0, "posts": 0}


def read_request(stream):
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = []
    while True:
        text = stream.readline().decode("latin-1").rstrip("\r\n")
        if not text:
            break
        name, _, value = text.partition(":")
        headers.append((name.lower(), value.strip()))
    length = int(dict(headers).get("content-length", 0))
    return line[0], line[1], headers, stream.read(length)


def answer(connection, status, body, *fields):
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Content-Type: application/json", *fields]
    connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)


def act(connection, method, target, headers, body):
    """False: the connection is to be closed."""
    path, _, text = target.partition("?")
    n = int(text or 0)
    if path == "/echo":
        told = {"method": method, "headers": headers, "body": body.decode("latin-1")}
        answer(connection, 200, json.dumps(told).encode())
    elif path == "/slow":
        time.sleep(n / 1000)
        answer(connection, 200, b"late")
    elif path == "/hang":
        time.sleep(60)
        return False
    elif path == "/half":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")
        return False
    elif path == "/garbage":
        connection.sendall(b"\x00\xff this is no HTTP\r\n\r\n")
        return False
    elif path == "/big":
        answer(connection, 200, b"b" * n)
    elif path == "/endless":
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"400\r\n" + b"e" * 0x400 + b"\r\n")
    elif path == "/longhead":
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + (b"X-Pad: " + b"p" * 1000 + b"\r\n") * 200 + b"\r\n")
    elif path == "/redirect":
        answer(connection, 302, b"", "Location: /ok")
    elif path == "/busy":
        answer(connection, 503, b"{}", "Retry-After: 7")
    elif path == "/sick":
        answer(connection, 500, b"oops")
    elif path == "/drop":
        return False
    elif path == "/counts":
        answer(connection, 200, "{connections} {requests} {posts}".format(**counts).encode())
    else:
        answer(connection, 200, b'{"ok":true}')
    return True


def serve(connection, context):
    stale = False
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        stream = connection.makefile("rb")
        while True:
            request = read_request(stream)
            if request is None:
                return
            with lock:
                counts["requests"] += 1
                counts["posts"] += request[0] == "POST"
            if stale or not act(connection, *request):
                return
            stale = request[1] == "/stale"
    except OSError:
        pass
    finally:
        # shutdown: the stream holds the descriptor open
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()


def main():
    context = None
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")  # in one piece: the reader closes after it
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        with lock:
            counts["connections"] += 1
        threading.Thread(target=serve, args=(connection, context), daemon=True).start()


main()
