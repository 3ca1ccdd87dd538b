"""A listening socket handed in by a service manager (systemd's LISTEN_FDS) takes the place of HTTP_LISTEN."""
import signal
import socket
import subprocess
import sys

from lib.check import check, contains, equal, eventually
from lib.client import Wire
from lib.process import environment, free_port, run_command

GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
# Becomes the program: LISTEN_PID must name its pid, and the manager's socket is descriptor 3.
LAUNCH = """import os, sys
os.dup2(int(sys.argv[2]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], [sys.argv[1], "serve"])"""


def _settings(w):
    return {**w.base_settings(), "ADMIN_LISTEN": f"127.0.0.1:{free_port()}", "HTTP_LISTEN": "127.0.0.1:1"}


def _asked(place):
    with Wire(place, timeout=5) as wire:
        wire.send(GET)
        answer = wire.answer()
        return answer is not None and answer.status == 200


def a_socket_handed_in_is_served_and_outlives_the_process(w):
    for blocking in (True, False):
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(100)
            listening.setblocking(blocking)
            fd = listening.fileno()
            process = subprocess.Popen([sys.executable, "-c", LAUNCH, w.binary, str(fd)], env=environment(_settings(w)), pass_fds=(fd,),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                place = listening.getsockname()
                for _ in range(8):  # both workers
                    eventually(lambda: _asked(place), "an answer through the socket")
                process.send_signal(signal.SIGTERM)
                equal(process.wait(30), 0, "exit code")
                socket.create_connection(place, 5).close()  # the manager still holds it: it waits for the next process
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()


def a_descriptor_that_does_not_listen_stops_the_start(w):
    with socket.socket() as plain:
        fd = plain.fileno()
        done = subprocess.run([sys.executable, "-c", LAUNCH, w.binary, str(fd)], env=environment(_settings(w)), pass_fds=(fd,), timeout=30,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 1, "exit code")
    contains(done.stderr.decode(), "descriptor 3", "stderr")


def sockets_meant_for_another_process_are_left_alone(w):
    settings = {**_settings(w), "LISTEN_FDS": "1", "LISTEN_PID": "1"}
    code, _, err = run_command(w.binary, ["serve"], {**settings, "HTTP_LISTEN": "192.0.2.1:80"})
    equal(code, 1, "exit code")
    check("HTTP_LISTEN" in err, f"it did not listen by itself: {err}")
