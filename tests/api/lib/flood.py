"""More connections than one process may have: helper processes that hold them, from many addresses."""
import os
import resource
import select
import socket
import subprocess
import sys


def hold(place, count, first_source):
    """Child process: tries `count` connections, says how many stand, holds them until stdin ends."""
    held = []
    for n in range(count):
        s = socket.socket()
        s.setblocking(False)
        try:
            s.bind((f"127.0.{first_source}.{n // 3000 + 1}", 0))
            s.connect_ex(place)
        except OSError:
            s.close()
            continue
        held.append(s)
    print(len(held), flush=True)
    sys.stdin.read()
    for s in held:
        s.close()


class Flood:
    """`with Flood(place, 20000) as flood:` - flood.attempted connections are under way or stand."""

    def __init__(self, place, count):
        here = os.path.abspath(__file__)
        each = min(5000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 50)
        self.children = [
            subprocess.Popen([sys.executable, here, place[0], str(place[1]), str(min(each, count - n * each)), str(n + 1)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for n in range((count + each - 1) // each)]
        self.attempted = 0

    def __enter__(self):
        for child in self.children:
            select.select([child.stdout], [], [], 120)
            self.attempted += int(child.stdout.readline() or 0)
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.stdin.close()
        for child in self.children:
            child.wait()
            child.stdout.close()


if __name__ == "__main__":
    hold((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), sys.argv[4])
