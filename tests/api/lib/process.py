"""The program under test as a process: its settings, its logs, its end."""
import json
import os
import re
import signal
import socket
import subprocess
import urllib.parse

from .check import PATIENCE, Failure, eventually

# What must never be in what the program prints, whatever the test.
ALARMS = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|Assertion `|panic: |assertion failed",
                    re.IGNORECASE)
SECRET_KEY = "stories-only-0123456789abcdef0123456789abcdef"
_taken = set()


def free_port():
    """A port nobody listens on. Not given out twice in one run."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _taken:
            _taken.add(port)
            return port


def environment(settings):
    """Nothing of the caller's environment but what a sanitizer build needs."""
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "detect_leaks=1:print_stacktrace=1")
    env["UBSAN_OPTIONS"] = os.environ.get("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    env.update({name: str(value) for name, value in settings.items() if value is not None})
    return env


def run_command(binary, arguments, settings, timeout=120, limits=()):
    """`mawid <arguments>` to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([*limits, binary, *arguments], env=environment(settings), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, check=False)
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if ALARMS.search(err):
        raise Failure(f"mawid {' '.join(arguments)} raised an alarm:\n{err[-4000:]}")
    return done.returncode, out, err


class Server:
    """One `mawid serve`. Stopping it checks that it ended well."""

    def __init__(self, binary, settings, directory, contract, limits=()):
        self.binary = binary
        self.contract = contract
        self.limits = list(limits)  # a command in front, such as prlimit
        self.place = ("127.0.0.1", free_port())
        self.admin_place = ("127.0.0.1", free_port())
        self.settings = {"HTTP_LISTEN": "%s:%d" % self.place, "ADMIN_LISTEN": "%s:%d" % self.admin_place, **settings}
        self.secure_place = None
        if "TLS_CERT_FILE" in settings:
            self.secure_place = ("127.0.0.1", free_port())
            self.settings.setdefault("HTTPS_LISTEN", "%s:%d" % self.secure_place)
        self.log_path = os.path.join(directory, f"server-{self.place[1]}.log")
        self.process = None
        self.told_to_end = False

    # ---- life ----

    def start(self, wait=True):
        self.told_to_end = False
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*self.limits, self.binary, "serve"], env=environment(self.settings),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        if wait:
            eventually(self._answers, f"mawid serve answers on {self.place}", 4 * PATIENCE)
        return self

    def _answers(self):
        self.must_run()
        return self.admin("/healthz")[0] == 200

    def must_run(self):
        code = self.process.poll()
        if code is not None:
            raise Failure(f"mawid serve ended by itself (exit {code}):\n{self.log()[-3000:]}")

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, patience=45):
        """SIGTERM, and what must follow: exit 0 and no alarm in its log."""
        if self.process is None:
            return
        early = self.process.poll()
        if early is None:
            self.process.send_signal(signal.SIGTERM)
        self._wait_end(patience)
        process, self.process = self.process, None
        log = self.log()
        alarm = ALARMS.search(log)
        if early is not None and not self.told_to_end:
            raise Failure(f"the server had ended by itself (exit {early}):\n{log[-3000:]}")
        if alarm:
            raise Failure(f"the server raised an alarm:\n{log[max(0, alarm.start() - 200):][:6000]}")
        if process.returncode != 0:
            raise Failure(f"exit {process.returncode} after SIGTERM:\n{log[-3000:]}")

    def _wait_end(self, patience):
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"no end within {patience} s of SIGTERM:\n{self.log()[-2000:]}") from None

    def kill(self):
        """SIGKILL, as the power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def send_signal(self, number):
        self.told_to_end = number in (signal.SIGTERM, signal.SIGINT)
        self.process.send_signal(number)

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # ---- what it says ----

    def log(self, since=0):
        with open(self.log_path, "rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def log_size(self):
        return os.path.getsize(self.log_path)

    def log_records(self, since=0):
        """The JSON lines of the log, complete ones only."""
        for line in self.log(since).split("\n")[:-1]:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record

    def messages(self, phone, since=0):
        """What the console provider sent to that number."""
        return [r for r in self.log_records(since)
                if r.get("event") == "message_sent" and r.get("to") == phone]

    def message_after(self, phone, since):
        return eventually(lambda: self.messages(phone, since), f"a message to {phone}")[-1]

    # ---- the admin listener ----

    def admin(self, path, timeout=10):
        """(status, headers, text) of a plain GET on the admin listener."""
        with socket.create_connection(self.admin_place, timeout) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n".encode())
            data = b"".join(iter(lambda: s.recv(65536), b""))
        head, _, body = data.partition(b"\r\n\r\n")
        if not head:
            raise ConnectionError("the admin listener closed without an answer")
        return int(head.split(b" ")[1]), head.decode(), body.decode()

    def metrics(self):
        """{'name{labels}': value} of everything counted."""
        samples = {}
        for line in self.admin("/metrics")[2].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def metric(self, name, **labels):
        """The sum of a metric's samples that have those labels."""
        return sum(value for key, value in self.metrics().items()
                   if key.split("{")[0] == name and all(f'{k}="{v}"' in key for k, v in labels.items()))

    def url(self, path=""):
        return urllib.parse.urlunsplit(("http", "%s:%d" % self.place, path, "", ""))


def wait_until_refused(place):
    """Nobody listens there any more."""
    def refused():
        try:
            socket.create_connection(place, 1).close()
            return False
        except ConnectionRefusedError:
            return True
    eventually(refused, f"{place} refuses connections")
