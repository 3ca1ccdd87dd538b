"""What is measured and what it is measured against: mawid, nginx, and a partner that is slow."""
import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from .result import Broken

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "bench-only-0123456789abcdef0123456789abcdef"


class Mawid:
    """One `mawid serve`. Quiet, and with limits out of the way: the load is one address and must not meet them."""

    def __init__(self, rig, name, workers=1, cpu=None, tls=False, database=False, log=False, settings=()):
        self.rig, self.log_name = rig, f"mawid-{name}.log"
        self.port, self.admin_port = rig.free_port(), rig.free_port()
        self.tls_port = rig.free_port() if tls else None
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "ENVIRONMENT": "development",
               "SECRET_KEY": SECRET_KEY, "WORKERS": str(workers), "HTTP_LISTEN": f"127.0.0.1:{self.port}",
               "ADMIN_LISTEN": f"127.0.0.1:{self.admin_port}", "OTP_PROVIDER": "console",
               "LOG_LEVEL": "info" if log else "error", "ACCESS_LOG": "true" if log else "false",
               "OTP_MAX_PER_WINDOW": "1000", "OTP_RESEND_COOLDOWN_SECONDS": "0",
               "PHONE_AUTH_IP_MAX_PER_WINDOW": "0", "PHONE_AUTH_DEVICE_MAX_PER_WINDOW": "0", "BOOKING_OPEN_MAX": "1000"}
        if tls:
            certificate, key = certificate_files(rig)
            env |= {"HTTPS_LISTEN": f"127.0.0.1:{self.tls_port}", "TLS_CERT_FILE": str(certificate),
                    "TLS_KEY_FILE": str(key)}
        # The process refuses to start without databases, even where the scenario uses none.
        env |= rig.database.settings
        env |= {key: str(value) for key, value in dict(settings).items()}
        self.process = rig.start([rig.binary, "serve"], self.log_name, cpu=cpu, env=env)
        rig.wait_for(self.port, self.process, "mawid serve", self.log_name)
        if database:
            rig.database.seed()
            self.wait_ready()

    @property
    def pid(self):
        return self.process.pid  # taskset execs: same pid

    def get(self, path):
        """(head, body) of one plain GET, as bytes."""
        return exchange(self.port, f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())

    def post(self, path, body):
        return exchange(self.port, f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                                   f"Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def wait_ready(self):
        for _ in range(200):
            if self.get("/readyz")[0].startswith(b"HTTP/1.1 200"):
                return
            time.sleep(0.05)
        raise Broken(f"mawid is not ready: {self.get('/readyz')[1].decode()}")

    def memory_bytes(self):
        """Resident memory, exact (the cheaper counters of /proc are kept per core and lag)."""
        with open(f"/proc/{self.pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Rss:"))

    def metrics(self):
        """{'name{labels}': value}"""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}

    def last_words(self):
        log = (self.rig.work / self.log_name).read_text(errors="replace").strip().splitlines()
        return "the server's last log line: " + (log[-1][:300] if log else "(none)")

    def end(self):
        self.rig.end(self.process)


class Nginx:
    """One worker that answers everything with `return STATUS body`: what nginx can do at best.

    `like` is (head, body) of the answer it is compared with: same status, body and head size. The missing bytes are one
    padding field, which is cheaper for nginx than the several fields it would have to write in earnest."""

    def __init__(self, rig, name, like, cpu=None, log=False):
        rig.must_have("nginx")
        self.rig, self.port = rig, rig.free_port()
        self.prefix = rig.work / f"nginx-{name}"
        self.prefix.mkdir()
        head, body = like
        status = int(head.split(b" ")[1])
        self.pad = 0
        self.process = None
        self.configure(status, body.decode(), log)
        self.launch(name, cpu)
        # Measured, not reckoned: the first start tells how long its head is without padding.
        missing = len(head) - len(self.answer()[0])
        if missing > len("X-Pad: x\r\n"):
            self.pad = missing - len("X-Pad: \r\n")
            self.configure(status, body.decode(), log)
            self.rig.end(self.process)
            self.launch(name, cpu)
        self.head_bytes = len(self.answer()[0])

    def configure(self, status, body, log):
        temporary = "".join(f"    {kind}_temp_path {self.prefix}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.prefix / "nginx.conf").write_text(f"""\
daemon off;
worker_processes 1;
worker_rlimit_nofile {min(20000, os.sysconf("SC_OPEN_MAX"))};
pid {self.prefix}/pid;
error_log {self.prefix}/error.log;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 8192; accept_mutex off; }}
http {{
    access_log {f"{self.prefix}/access.log combined" if log else "off"};
    keepalive_requests 1000000000;
    keepalive_timeout 600;
{temporary}
    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        default_type "application/json; charset=utf-8";
        location / {{
            {f"add_header X-Pad {'x' * self.pad} always;" if self.pad else ""}
            return {status} '{body}';
        }}
    }}
}}
""")

    def launch(self, name, cpu):
        log = f"nginx-{name}.log"
        self.process = self.rig.start(["nginx", "-p", self.prefix, "-c", self.prefix / "nginx.conf"], log, cpu=cpu)
        self.rig.wait_for(self.port, self.process, "nginx", log)

    @property
    def pid(self):
        """The worker's: the master does nothing."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return int(children.read().split()[0])

    def answer(self):
        return exchange(self.port, b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")

    def last_words(self):
        return f"see {self.prefix}/error.log"

    def end(self):
        self.rig.end(self.process)


class Partner:
    """The tests' fake Authentica, answering after `delay` seconds."""

    KEY = "bench-authentica-key"

    def __init__(self, rig, delay):
        behaviour = json.dumps({"send": {"mode": "ok", "delay": delay}})
        self.rig = rig
        self.process = rig.start(["/usr/bin/python3", ROOT / "tests/api/fakes/authentica.py", "--key", self.KEY,
                                  "--behaviour", behaviour], "partner.log", stdout=subprocess.PIPE)
        words = self.process.stdout.readline().decode().split()
        self.url, self.control = words[1], words[3]

    def state(self):
        with urllib.request.urlopen(f"{self.control}/state", timeout=5) as answer:
            return json.load(answer)

    def settings(self):
        return {"OTP_PROVIDER": "authentica", "AUTHENTICA_BASE_URL": self.url, "AUTHENTICA_API_KEY": self.KEY}

    def end(self):
        self.rig.end(self.process)


def exchange(port, request):
    """(head with its empty line, body) of the one answer to a request."""
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.settimeout(5)
        s.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += receive(s)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += receive(s)
        return head + b"\r\n\r\n", body


def receive(s):
    data = s.recv(65536)
    if not data:
        raise ConnectionError("the server closed without an answer")
    return data


def certificate_files(rig):
    """A self-signed P-256 certificate, made once per run."""
    certificate, key = rig.work / "tls.crt", rig.work / "tls.key"
    if not key.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=bench"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key
