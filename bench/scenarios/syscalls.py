"""System calls of the server per request at saturation: small JSON, 64 connections, one worker.

Counted by the kernel (perf's raw_syscalls tracepoint, or strace where that is not allowed), of all threads."""
import re
import shutil
import subprocess

from harness.result import Broken, single

BAR = "<= 0.3"


def run(rig):
    ours = rig.mawid("syscalls", workers=1, cpu=rig.server_cpu)
    count = by_perf if perf_works() else by_strace
    row = single("system calls per request", "calls", "ours", [count(rig, ours) for _ in range(rig.pairs)], BAR)
    row.notes.append(f"counted {count.__doc__}")
    ours.end()
    return [row]


def perf_works():
    probe = ["perf", "stat", "-e", "raw_syscalls:sys_enter", "true"]
    return bool(shutil.which("perf")) and subprocess.run(probe, capture_output=True, check=False).returncode == 0


def by_perf(rig, ours):
    """by perf stat -e raw_syscalls:sys_enter"""
    out = rig.work / "perf.txt"
    result = load(rig, ours, ["perf", "stat", "-x,", "-o", out, "-e", "raw_syscalls:sys_enter", "-p", ours.pid, "--"])
    counted = re.search(r"^(\d+),", out.read_text(), re.MULTILINE)
    if not counted:
        raise Broken(f"perf counted nothing: {out.read_text()[-300:]}")
    return int(counted[1]) / result["responses_ever"]


def by_strace(rig, ours):
    """by strace -c, which slows the server down"""
    out = rig.work / "strace.txt"
    tracer = rig.start(["strace", "-f", "-c", "-o", out, "-p", ours.pid], "strace.log")
    result = load(rig, ours, [])
    rig.end(tracer)
    counted = re.search(r"^100\.00\s.*?\s(\d+)\s+(?:\d+ )?total$", out.read_text(), re.MULTILINE)
    if not counted:
        raise Broken("neither perf nor strace can count system calls here")
    return int(counted[1]) / result["responses_ever"]


def load(rig, ours, prefix):
    return rig.load.run(ours, "small.http", cpu=rig.load_cpu, connections=64, prefix=[str(word) for word in prefix])
