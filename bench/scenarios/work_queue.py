"""The work queue: pieces worked off per second over pgbench's, what a piece costs a booking, what an idle queue costs.

A piece is three statements: claimed, done (a durable update of its subject), deleted. Ours are the product's runners and
store (tests/checker/work_server.c: two loops, six connections each); pgbench runs the same three on as many connections.
Both are measured by the times that the updates left behind, the first and the last tenth of them aside.

The booking has a piece added by a trigger of this scenario's own on bookings_history, the one choke point of all moves; of
a kind that the server does not know, so that only the adding is measured. Both sides are the same server, in turn."""
import time

from harness.bookings import SETTINGS, WORKERS, create
from harness.load import pgbench_script, run_pgbench
from harness.result import Broken, compare, single

WORKED_BAR, IDLE_BAR = ">= 0.8", "<= 4"
CHEAP_ENOUGH = 0.95  # of the second row; below it bookings add no pieces, and the feed of changes tells instead
LOOPS, CONNECTIONS = 2, 12
PIECES = 30_000
IDLE_SECONDS, IDLE_TIMES = 8, 3
SUBJECTS = """
CREATE TABLE bench_subject (id bigint PRIMARY KEY, at timestamptz) WITH (fillfactor = 50);
INSERT INTO bench_subject SELECT generate_series(1, {pieces});
"""
TRIGGER = """
CREATE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM work_add_all('bench.tell', array_agg(n.booking_id), 'bench.tell', now(), array_agg(n.request_id))
    FROM (SELECT booking_id, min(request_id) AS request_id FROM new GROUP BY booking_id) n HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER bench_tell AFTER INSERT ON bookings_history REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION bench_tell();
"""
RATE = """
WITH middle AS (
    SELECT percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM at)) AS at, count(*) AS n
    FROM bench_subject WHERE at IS NOT NULL
)
SELECT n, 0.8 * n / nullif(at[2] - at[1], 0) FROM middle;
"""


def run(rig):
    return [worked_off(rig), booking_with_a_piece(rig), idle(rig)]


# ---- worked off ----

def worked_off(rig):
    pieces = PIECES // 3 if rig.quick else PIECES
    rig.database.psql("-c", SUBJECTS.format(pieces=pieces))
    script = pgbench_script(rig, "work_queue")
    server = start(rig)
    ours(rig, pieces)  # so that connections have planned
    row = compare("pieces worked off", "1/s", ("ours", lambda: ours(rig, pieces)), ("pgbench", lambda: peer(rig, script, pieces)),
                  rig.pairs, ratio=lambda own, other: own / other, bar=WORKED_BAR)
    row.notes.append(f"{LOOPS} loops; {CONNECTIONS} connections on either side, {pieces} pieces at a time")
    rig.end(server)
    return row


def start(rig):
    program, log = rig.binary.parent / "tests" / "checker" / "work-server", "work-server.log"
    if not program.exists():
        raise Broken(f"{program}: not built; ./dev bench does that")
    server = rig.start([program, rig.database.url, "bench", LOOPS], log)
    deadline = time.monotonic() + 10
    while "ready" not in (rig.work / log).read_text():
        if server.poll() is not None or time.monotonic() > deadline:
            raise Broken(f"work-server does not come up: {(rig.work / log).read_text()[-500:]}")
        time.sleep(0.05)
    return server


def begin(rig, lane, pieces):
    """That many are due, at once."""
    rig.database.psql("-c", "DELETE FROM work WHERE kind = 'bench'", "-c", "UPDATE bench_subject SET at = NULL",
                      "-c", "VACUUM ANALYZE work, bench_subject",
                      "-c", f"SELECT count(work_add('bench', n, '{lane}', now(), '')) FROM generate_series(1, {pieces}) n")


def ours(rig, pieces):
    begin(rig, "bench", pieces)
    deadline = time.monotonic() + 60
    while rig.database.psql("-c", "SELECT EXISTS (SELECT FROM work WHERE kind = 'bench')").strip() == "t":
        if time.monotonic() > deadline:
            raise Broken("pieces are left after a minute")
        time.sleep(0.2)
    return rate(rig, least=pieces)


def peer(rig, script, pieces):
    begin(rig, "peer", pieces)
    run_pgbench(rig, script, CONNECTIONS, ())
    return rate(rig, least=1000)


def rate(rig, least):
    n, per_second = rig.database.psql("-c", RATE).strip().split("|")
    if int(n) < least:
        raise Broken(f"only {n} of at least {least} pieces had their effect")
    return float(per_second)


# ---- a booking with a piece ----

def booking_with_a_piece(rig):
    server = rig.mawid("work-queue", workers=WORKERS, database=True, settings=SETTINGS)
    rig.database.psql("-c", TRIGGER)

    def bookings(piece):
        rig.database.psql("-c", f"ALTER TABLE bookings_history {'ENABLE' if piece else 'DISABLE'} TRIGGER bench_tell",
                          "-c", "DELETE FROM work WHERE kind = 'bench.tell'", "-c", "VACUUM ANALYZE work")
        made = create(rig, server)["rate"]
        there = int(rig.database.psql("-c", "SELECT count(*) FROM work WHERE kind = 'bench.tell'"))
        if (there > 0) != piece:
            raise Broken(f"{there} pieces were added")
        return made

    row = compare("bookings with a piece over without", "1/s", ("with", lambda: bookings(True)), ("without", lambda: bookings(False)),
                  rig.short_pairs, ratio=lambda with_it, without: with_it / without)
    row.notes.append(f"for information: {CHEAP_ENOUGH} would be cheap enough for bookings (docs/decisions/0020)")
    server.end()
    rig.database.psql("-c", "DROP TRIGGER bench_tell ON bookings_history", "-c", "DELETE FROM work WHERE kind = 'bench.tell'")
    return row


# ---- idle ----

def idle(rig):
    """Of a process with two workers, all that it asks Postgres while nobody asks anything of it: looks, and chores."""
    server = rig.mawid("work-idle", workers=WORKERS, database=True, settings=SETTINGS)
    time.sleep(2)
    row = single("statements of an idle queue", "1/s", "ours", [statements(server) for _ in range(IDLE_TIMES)], IDLE_BAR)
    server.end()
    return row


def statements(server):
    def count():
        return sum(value for name, value in server.metrics().items() if name.startswith("mawid_pg_statements_total"))
    before, began = count(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (count() - before - 1) / (time.monotonic() - began)  # reading the page is one
