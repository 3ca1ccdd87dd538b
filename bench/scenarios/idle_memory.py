"""User-space memory of the server per idle keep-alive connection, 10,000 of them.

Resident memory with them, each after one answered request, minus that of the same process after serving 64 connections
for a while. A fresh process each time: memory kept in pools would make the second time look free."""
import json
import subprocess

from harness.result import Broken, single

BAR = "<= 1024"
CONNECTIONS = 10_000
SOURCES = 8  # client addresses: the server caps the connections of one


def run(rig):
    row = single("resident bytes per idle connection", "bytes", "ours", [measure(rig) for _ in range(rig.pairs)], BAR)
    row.notes.append(f"{CONNECTIONS} connections, one worker, plain HTTP; the kernel's own share is not in it")
    return [row]


def measure(rig):
    ours = rig.mawid("idle", workers=1, cpu=rig.server_cpu, settings={"IDLE_TIMEOUT_SECONDS": 300})
    rig.load.run(ours, "small.http", cpu=rig.load_cpu, connections=64, duration=1)
    before = ours.memory_bytes()
    command = rig.load.command(ours, "small.http", connections=CONNECTIONS, sources=SOURCES, hold=True)
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        held = json.loads(holder.stdout.readline() or "{}").get("held", 0)
        during = ours.memory_bytes()
        after = json.loads(holder.communicate("", timeout=30)[0] or "{}").get("held", 0)
    finally:
        holder.kill()
        holder.wait()
    ours.end()
    if held != CONNECTIONS or after != held:
        raise Broken(f"{held} of {CONNECTIONS} connections were held, {after} to the end; {ours.last_words()}")
    return (during - before) / CONNECTIONS
