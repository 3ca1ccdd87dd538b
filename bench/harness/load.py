"""bench-load and pgbench, run as commands; see bench/load.c for what the numbers mean."""
import json
import re
import statistics
import subprocess
from pathlib import Path

from .result import Broken

REQUESTS = Path(__file__).resolve().parents[1] / "requests"
ROOT = Path(__file__).resolve().parents[2]


class Load:
    def __init__(self, rig):
        self.rig = rig
        self.program = rig.binary.parent / "bench" / "bench-load"
        self.taken = {}  # request numbers given out, by kind: no two runs ever use the same ones

    def build(self):
        if self.rig.binary.parent.joinpath("build.ninja").exists():
            subprocess.run(["ninja", "-C", str(self.rig.binary.parent), "bench/bench-load",
                            "tests/checker/work-server"], check=True,
                           stdout=subprocess.DEVNULL)

    def numbers(self, kind, count=412_000):
        """The first of `count` numbers that nobody had before: phone numbers, times and staff are made from them. (No
        multiple of database.CUSTOMERS: the next run has other customers.)"""
        first = self.taken.get(kind, 20_000)  # the seed's bookings have the numbers below
        self.taken[kind] = first + count
        return first

    def command(self, server, request, *, tls=False, tables=(), **options):
        """`request` is a file of bench/requests/; `tables` are (name, path)."""
        words = [self.program, "--connect", f"127.0.0.1:{server.tls_port if tls else server.port}",
                 "--template", REQUESTS / request, "--first", self.numbers(request)]
        words += ["--tls"] if tls else []
        for name, path in tables:
            words += ["--table", f"{name}={path}"]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [value])
        return [str(word) for word in words]

    def run(self, server, request, *, cpu=None, expect=200, prefix=(), **options):
        """One measurement, as bench-load reports it, with "cpu_us" (the server's, per request) added."""
        options.setdefault("duration", self.rig.seconds)
        command = self.command(server, request, cpu_of=server.pid, **options)
        if cpu is not None:
            command = ["taskset", "-c", str(cpu), *command]
        return self.finished(subprocess.Popen([*prefix, *command], stdout=subprocess.PIPE, text=True), expect, server)

    def wrk(self, server, path, *, cpu, connections, seconds):
        """The server's CPU time per answer, in us, under wrk in the place of bench-load."""
        self.rig.must_have("wrk")
        command = ["taskset", "-c", str(cpu), "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s",
                   f"http://127.0.0.1:{server.port}{path}"]
        before = cpu_ns(server.pid)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, check=False)
        spent = cpu_ns(server.pid) - before
        answers = re.search(r"(\d+) requests in", done.stdout)
        if done.returncode != 0 or not answers or re.search(r"Socket errors|Non-2xx", done.stdout):
            raise Broken(f"wrk did not measure what was to be measured:\n{done.stdout[-1500:]}")
        return spent / 1000 / int(answers[1])

    def background(self, server, request, **options):
        """The same, started and not waited for."""
        return subprocess.Popen(self.command(server, request, **options), stdout=subprocess.PIPE, text=True)

    @staticmethod
    def abandon(process):
        """Ends one of the background early; what it has counted is lost."""
        process.terminate()
        process.communicate()

    def finished(self, process, expect, server=None):
        try:
            out = process.communicate(timeout=90)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Broken("the load generator did not end") from None
        if process.returncode != 0:
            raise Broken(f"bench-load ended with {process.returncode}; see its message above")
        result = json.loads(out)
        good = result["status"].get(str(expect), 0)
        if good < 1 or good < 0.999 * result["responses"] or result["malformed"] or result["dropped"] or result["lost"]:
            raise Broken(f"not the answers that were to be measured: statuses {result['status']}, lost "
                         f"{result['lost']}, malformed {result['malformed']}, dropped {result['dropped']}"
                         + (f"; {server.last_words()}" if server else ""))
        if result["cpu_seconds"]:
            result["cpu_us"] = result["cpu_seconds"][0] / result["responses"] * 1e6
        return result


def cpu_ns(pid):
    """Of all its threads, by the scheduler's account; as bench/process_cpu.c."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def pgbench(rig, script, clients, variables=()):
    """(transactions per second, transactions in all) of a script, prepared, as many connections as `clients`.

    The first second is not counted: fresh connections plan and compile then, as our server's did long ago."""
    out = run_pgbench(rig, script, clients, variables)
    rates = [float(rate) for rate in re.findall(r"^progress: [0-9.]+ s, ([0-9.]+) tps.*, 0 failed", out, re.MULTILINE)]
    if len(rates) < 2:
        raise Broken(f"pgbench failed:\n{out[-1500:]}")
    return statistics.mean(rates[1:]), transactions(out)


def pgbench_latency(rig, script, variables=()):
    """(median latency in us, transactions in all) of a script, prepared, on one connection; the first second aside."""
    logs = rig.work / "latency"
    logs.mkdir(exist_ok=True)
    out = run_pgbench(rig, script, 1, variables, "--log", f"--log-prefix={logs / 'pgbench'}")
    (log,) = logs.iterdir()
    rows = [[int(word) for word in line.split()] for line in log.read_text().splitlines()]
    log.unlink()
    begun = rows[0][4] + 1  # a line: client, number, latency in us, script, seconds, microseconds
    return statistics.median(row[2] for row in rows if row[4] > begun), transactions(out)


def run_pgbench(rig, script, clients, variables, *words):
    rig.must_have("pgbench")
    seconds = max(2, round(rig.seconds))  # a busy machine swallows the last line of progress
    command = ["pgbench", "--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(2, clients)}",
               f"--time={seconds + 1}", "--progress=1", f"--file={script}", "--random-seed=rand", *words]
    command += [f"--define={name}={value}" for name, value in variables]
    done = subprocess.run([*command, rig.database.url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=90, check=False)
    if done.returncode != 0:
        raise Broken(f"pgbench failed:\n{done.stdout[-1500:]}")
    return done.stdout


def transactions(out):
    return int(re.search(r"transactions actually processed: (\d+)", out)[1])


def pgbench_script(rig, name):
    """bench/pgbench/NAME.sql, with the product's own statement put in where it asks for one.

    A line `-- statement: otp/request.sql` stands for that file of storage/sql/; the lines `-- $1 = EXPRESSION` after it
    say what goes in the place of its parameters. Every parameter must be given, and exist."""
    source = ROOT / "bench" / "pgbench" / f"{name}.sql"
    out, values, statement = [], {}, None
    for line in source.read_text().splitlines():
        if named := re.fullmatch(r"-- statement: (\S+)", line):
            statement = (ROOT / "storage" / "sql" / named[1]).read_text()
        elif given := re.fullmatch(r"-- \$(\d+) = (.*)", line):
            values[given[1]] = given[2]
        elif not line.startswith("--"):
            out.append(line)
    path = rig.work / f"{name}.sql"
    if not statement:
        path.write_text("\n".join(out) + "\n")
        return path
    body = "\n".join(line for line in statement.splitlines() if not line.lstrip().startswith("--")).strip().rstrip(";")
    used = set(re.findall(r"\$(\d+)", body))
    if used != set(values):
        raise Broken(f"{source.name}: the statement's parameters are {sorted(used)}, given are {sorted(values)}")
    body = re.sub(r"\$(\d+)", lambda match: f"({values[match[1]]})", body)
    path.write_text("\n".join(out) + f"\n{body};\n")
    return path
