"""Work torture: is every piece done, and none under an old lease, whatever happens meanwhile?

20,000 pieces (in 30 s; fewer in less) of five kinds in three lanes, added by three threads in transactions
of which some are rolled back, and added again while somebody is at them, are worked on by two to three
processes (work_server.c: the product's runners, store and SQL) that are killed, join and leave, while
Postgres is restarted and a lane hangs. What each function was asked and answered, and every change of a
row, is noted by the database itself, in the transaction of the change; work_judge.py reads that.

The mutants are the queue's own functions with one rule taken out: each must be convicted.
"""
import dataclasses
import os
import random
import signal
import subprocess
import threading
import time

import psycopg2

import work_judge
from chaos import Chaos
from lib.check import Failure, eventually
from lib.database import SOURCE_ROOT, Database
from lib.process import environment
from mutants import ELSEWHERE

PIECES, PER_SECONDS = 20000, 30
KINDS = {"t.fenced": 6, "t.plain": 6, "t.flaky": 4, "t.slow": 3, "t.stuck": 1}  # parts of all pieces
LOOPS = 2
BATCH_MAX = 40  # pieces added in one transaction
NEWER = 50  # pieces of a kind that nobody knows, due before all others
PROBES = {"t.fenced": 60, "t.plain": 60, "t.flaky": 30, "t.slow": 30}  # added while a lane hangs
STUCK = 60  # far more than the lane has places
PROBE_FIRST, KILLED_FIRST, LEFT_FIRST, ROLLED_BACK_FIRST = 2_000_000, 3_000_000, 4_000_000, 90_000_000
SETTLE_SECONDS = 90
MUTANT_SECONDS, MUTANT_SETTLE, MUTANT_TRIES = 2.5, 10, 3
ENDS = {"work_done": "p_kind text, p_subject bigint, p_lease uuid", "work_again": "p_kind text, p_subject bigint, p_lease uuid, p_pause interval, p_lane text, p_error text",
        "work_next": "p_kind text, p_subject bigint, p_lease uuid, p_pause interval", "work_give_back": "p_kind text, p_subject bigint, p_lease uuid",
        "work_dead": "p_kind text, p_subject bigint, p_lease uuid, p_error text"}

# Of a table's row, by whom and under which lease; of each call, what it was asked and what was in force.
TORTURE = """
CREATE TABLE torture (stuck boolean NOT NULL);
INSERT INTO torture VALUES (false);
CREATE TABLE subject (kind text, id bigint, version integer NOT NULL DEFAULT 0, PRIMARY KEY (kind, id));
CREATE TABLE attempt (n bigserial PRIMARY KEY, kind text, subject bigint, lease uuid, version integer);
CREATE TABLE step (n bigserial PRIMARY KEY, what text NOT NULL, kind text, subject bigint, lane text,
    old_lease uuid, new_lease uuid, early boolean, version integer, at timestamptz DEFAULT now(),
    who text DEFAULT current_setting('application_name'));
CREATE TABLE said (n bigserial PRIMARY KEY, what text, kind text, subject bigint, presented uuid, in_force uuid, answer boolean);

CREATE FUNCTION torture_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    r work := coalesce(NEW, OLD);
BEGIN
    INSERT INTO step (what, kind, subject, lane, old_lease, new_lease, early, version)
    VALUES (CASE WHEN TG_OP = 'DELETE' THEN 'done' WHEN TG_OP = 'INSERT' THEN 'added'
                 WHEN NEW.dead_at IS NOT NULL AND OLD.dead_at IS NULL THEN 'dead'
                 WHEN NEW.lease IS NOT NULL AND NEW.lease IS DISTINCT FROM OLD.lease THEN 'lent' ELSE 'back' END,
        r.kind, r.subject, r.lane, CASE WHEN TG_OP <> 'INSERT' THEN OLD.lease END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.lease END, TG_OP = 'UPDATE' AND OLD.due_at > now(),
        (SELECT s.version FROM subject s WHERE s.kind = r.kind AND s.id = r.subject));
    RETURN NULL;
END $$;
CREATE TRIGGER torture_note AFTER INSERT OR UPDATE OR DELETE ON work FOR EACH ROW EXECUTE FUNCTION torture_note();

CREATE FUNCTION torture_add(p_kind text, p_subjects bigint[], p_later interval) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subject (kind, id) SELECT p_kind, s FROM unnest(p_subjects) s ORDER BY s ON CONFLICT DO NOTHING;
    PERFORM FROM subject WHERE kind = p_kind AND id = ANY (p_subjects) ORDER BY id FOR UPDATE;
    UPDATE subject SET version = version + 1 WHERE kind = p_kind AND id = ANY (p_subjects);
    PERFORM work_add(p_kind, s, CASE WHEN p_kind IN ('t.fenced', 't.plain') THEN 'calm' WHEN p_kind = 't.stuck' THEN 'stuck'
        ELSE 'flaky' END, now() + p_later * (s % 3), 'torture') FROM (SELECT unnest(p_subjects) AS s ORDER BY 1) o;
END $$;
CREATE FUNCTION torture_read(p_kind text, p_subject bigint) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT version FROM subject WHERE kind = p_kind AND id = p_subject);
END $$;
CREATE FUNCTION torture_effect(p_kind text, p_subject bigint, p_lease uuid, p_version integer, p_chains boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO attempt (kind, subject, lease, version) VALUES (p_kind, p_subject, p_lease, p_version);
    IF p_chains THEN
        PERFORM torture_add('t.fenced', ARRAY[1000000 + p_subject], '0');
    END IF;
    RETURN true;
END $$;
CREATE FUNCTION torture_fenced(p_subject bigint, p_lease uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v integer := (SELECT version FROM subject WHERE kind = 't.fenced' AND id = p_subject FOR UPDATE);
BEGIN
    IF NOT work_done('t.fenced', p_subject, p_lease) THEN
        RETURN false;
    END IF;
    INSERT INTO attempt (kind, subject, lease, version) VALUES ('t.fenced', p_subject, p_lease, v);
    RETURN true;
END $$;
"""
LISTENS = """
ALTER FUNCTION {name} RENAME TO {name}_itself;
CREATE FUNCTION {name}({arguments}) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held uuid := (SELECT w.lease FROM work w WHERE w.kind = p_kind AND w.subject = p_subject FOR UPDATE);
    answer boolean := {name}_itself({values});
BEGIN
    INSERT INTO said (what, kind, subject, presented, in_force, answer)
    VALUES ('{name}', p_kind, p_subject, p_lease, held, answer);
    RETURN answer;
END $$;
"""


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    found_by: str
    function: str
    changes: tuple  # (its text, what becomes of it), …
    also: str = ""  # SQL, by the superuser


NEW_KIND = ("JOIN unnest(p_kinds, p_lease_s) AS k (kind, lease_s) ON k.kind = d.kind", "CROSS JOIN (SELECT 4 AS lease_s) k")
FENCE, SEEN, ONCE = "none_is_finished_under_an_old_lease", "what_is_done_has_seen_the_last_change", "none_is_lent_out_twice_at_once"
MUTANTS = (
    Mutant("no fence in done", FENCE, "work_done", ((" AND w.lease = p_lease", ""),)),
    Mutant("no fence in again", FENCE, "work_again", ((" AND w.lease = p_lease", ""),)),
    Mutant("no fence in dead", FENCE, "work_dead", ((" AND w.lease = p_lease", ""),)),
    Mutant("done is not told", "none_is_refused_under_its_own_lease", "work_done", (("RETURN FOUND", "RETURN false"),)),
    Mutant("added again it keeps its lease", SEEN, "work_add_all", (("SET lease = NULL, dead_at", "SET dead_at"),)),
    Mutant("added again nothing changes", SEEN, "work_add_all",
           (("SET lease = NULL, dead_at = NULL, attempts = 0, last_error = ''", "SET last_error = ''"),)),
    Mutant("added again a dead one stays dead", "nothing_is_left", "work_add_all", (("dead_at = NULL, attempts", "attempts"),)),
    Mutant("added in a transaction of its own", "what_was_rolled_back_never_was", "work_add",
           (("BEGIN\n", "BEGIN\n    PERFORM elsewhere(format('INSERT INTO work (kind, subject, lane, due_at) VALUES (%L, %s, %L, %L) "
             "ON CONFLICT DO NOTHING', p_kind, p_subject, p_lane, p_due_at));\n"),), also=ELSEWHERE),
    Mutant("a claim lends for no time", ONCE, "work_claim",
           (("due_at = now() + make_interval(secs => due.lease_s)", "due_at = w.due_at"),)),
    Mutant("a claim takes what is not due", "none_is_lent_out_before_it_is_due", "work_claim", ((" AND w.due_at <= now()", ""),)),
    Mutant("a claim looks at kinds that it does not know", "nothing_is_left", "work_claim", (("AND w.kind = ANY (p_kinds)", ""),)),
    Mutant("a claim takes kinds that it does not know", "unknown_kinds_are_left_alone", "work_claim",
           (("AND w.kind = ANY (p_kinds)", ""), NEW_KIND)),
    Mutant("a claim takes more than there is room for", "the_servers_live", "work_claim", (("LIMIT l.room", "LIMIT l.room + 100"),)),
    Mutant("a claim asks some lanes only", "no_lane_waits_for_another", "work_claim",
           (("FROM unnest(p_lanes, p_room) AS l (lane, room)",
             "FROM (SELECT * FROM unnest(p_lanes, p_room) AS l (lane, room) ORDER BY lane DESC LIMIT 2) AS l"),)),
)


class Server:
    """One work-server. What it says goes into a log of its own."""

    numbers = iter(range(1, 10**6))

    def __init__(self, scene):
        self.scene, self.name = scene, f"work-{next(self.numbers)}"
        self.log = os.path.join(scene.stage.directory, f"{scene.name}-{self.name}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([scene.binary, scene.stage.url(scene.name), self.name, str(LOOPS)], env=environment({}),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def await_ready(self):
        eventually(lambda: self.said().startswith("ready") or self.must_run(), f"{self.name} is ready")

    def must_run(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended by itself ({self.process.returncode}): {self.said()[-1500:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def leave(self, patience=20):
        self.must_run()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} does not end") from None
        if code != 0:
            raise Failure(f"{self.name} ended with {code}: {self.said()[-1500:]}")


class Scene:
    """A database with the torture's tables, and the processes that work on it."""

    def __init__(self, stage, binary, mawid, name, mutant=None):
        self.stage, self.binary, self.name = stage, binary, name
        stage.make_database(name)
        self.db = Database(stage.url(name))
        done = subprocess.run([mawid, "migrate"], env=environment({"DATABASE_URL": stage.url(name)}), capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise Failure(f"mawid migrate: {done.stderr}")
        if mutant:
            self._mutate(mutant)
        self.db.rows(TORTURE)
        for function, arguments in ENDS.items():
            values = ", ".join(argument.split()[0] for argument in arguments.split(", "))
            self.db.rows(LISTENS.format(name=function, arguments=arguments, values=values))
        self.db.rows("SELECT work_add('t.newer', n, 'calm', now() - interval '1 hour', '') FROM generate_series(1, %s) n", NEWER)
        self.servers = []

    def _mutate(self, mutant):
        if mutant.also:
            superuser = Database(self.stage.url(self.name), "postgres")
            superuser.rows(mutant.also)
            superuser.close()
        text = self.db.one("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", mutant.function)
        for old, new in mutant.changes:
            if text.count(old) != 1:
                raise Failure(f"'{old}' is not there exactly once in {mutant.function}")
            text = text.replace(old, new)
        self.db.rows(text)

    def join(self):
        self.servers.append(Server(self))
        self.servers[-1].await_ready()

    def replace(self, number):
        """kill -9, and a moment later another in its place."""
        self.servers[number].must_run()
        self.servers[number].kill()
        self.servers[number] = Server(self)
        self.servers[number].await_ready()

    def all_alive(self):
        for server in self.servers:
            server.must_run()

    def held_by(self, server):
        """How many pieces are lent to it."""
        return self.db.one("""SELECT count(*) FROM work w WHERE w.lease IS NOT NULL AND (SELECT s.who FROM step s
            WHERE s.kind = w.kind AND s.subject = w.subject AND s.what = 'lent' ORDER BY s.n DESC LIMIT 1) = %s""", server.name)

    def left(self):
        """Pieces that are not done, dead ones among them."""
        return self.db.one("SELECT count(*) FROM work WHERE kind LIKE 't.%%' AND kind <> 't.newer'")

    def raise_the_dead(self):
        """As their cause would, and as an operator does."""
        for kind in ("t.flaky", "t.fenced", "t.plain", "t.slow", "t.stuck"):
            self.db.rows("SELECT torture_add(%s, array_agg(subject), '0') FROM work WHERE dead_at IS NOT NULL AND kind = %s "
                         "AND subject %% 2 = 0 HAVING count(*) > 0", kind, kind)
        self.db.rows("UPDATE work SET dead_at = NULL, attempts = 0, due_at = now() WHERE dead_at IS NOT NULL AND subject % 2 = 1")

    def kill(self):
        for server in self.servers:
            server.kill()
        self.db.close()


class Adder(threading.Thread):
    """Adds its share of the pieces over so many seconds, and some again; transactions are its own, some of
    them rolled back. Postgres may go: what became of a commit then, the database knows."""

    def __init__(self, scene, number, pieces, seconds, seed):
        super().__init__(daemon=True)
        self.scene, self.number, self.seconds = scene, number, seconds
        self.random = random.Random(f"{seed}/adder {number}")
        self.todo = [(kind, number + 3 * n) for kind, parts in KINDS.items() for n in range(pieces * parts // sum(KINDS.values()) // 3)]
        self.random.shuffle(self.todo)
        self.added = self.again = self.rolled_back = 0
        self.error = None
        self.connection = None

    def run(self):
        try:
            self.add_all()
        except Exception as error:  # told by the main thread
            self.error = f"{type(error).__name__}: {error}"

    def add_all(self):
        began, total = time.monotonic(), len(self.todo)
        while self.todo:
            due = began + self.seconds * (1 - len(self.todo) / total)
            time.sleep(max(0, due - time.monotonic()))
            batch, kind = [self.todo.pop() for _ in range(min(len(self.todo), self.random.randint(1, BATCH_MAX)))], None
            for kind in KINDS:
                self.transact(kind, [subject for its, subject in batch if its == kind])
            self.added += len(batch)
            self.add_again()
            if self.random.random() < 0.2:
                self.transact(kind, [ROLLED_BACK_FIRST + self.rolled_back * 3 + self.number], roll_back=True)
                self.rolled_back += 1

    def add_again(self):
        """What somebody is at, and what anybody added before."""
        busy = self.ask("SELECT kind, array_agg(subject) FROM (SELECT kind, subject FROM work WHERE lease IS NOT NULL "
                        "AND random() < 0.3 LIMIT 6) w GROUP BY kind")
        for kind, subjects in busy or ():
            self.transact(kind, subjects)
            self.again += len(subjects)

    def transact(self, kind, subjects, roll_back=False):
        if not subjects:
            return
        later = self.random.choice(("0", "0", "200 ms"))
        while not self.ask("SELECT torture_add(%s, %s, %s)", kind, subjects, later, roll_back=roll_back):
            time.sleep(0.05)

    def ask(self, sql, *values, roll_back=False):
        """Rows, or None: Postgres was away, and perhaps nothing was done."""
        try:
            if self.connection is None:
                self.connection = psycopg2.connect(self.scene.stage.url(self.scene.name))
            with self.connection.cursor() as cursor:
                cursor.execute(sql, values)
                rows = cursor.fetchall()
            if roll_back:
                self.connection.rollback()
            else:
                self.connection.commit()
            return rows
        except psycopg2.Error as error:
            if error.pgcode and not error.pgcode.startswith(("57", "08")):  # it is there, and says no
                raise
            self.connection = None
            return None


class Storm:
    """What goes wrong meanwhile, one thing after the other; each puts right what it broke."""

    ALL = ("join", "killed", "postgres_restarted", "lane_hangs", "leave", "postgres_stopped_at_once", "killed")

    def __init__(self, scene, seed, kinds=ALL):
        self.scene, self.random, self.kinds = scene, random.Random(f"{seed}/storm"), kinds
        self.chaos = Chaos(scene, 0, seed)
        self.done = []
        self.probes = 0

    def run(self, seconds):
        rounds = max(1, round(seconds / 10))
        plan = [kind for _ in range(rounds) for kind in self.kinds]
        began = time.monotonic()
        for place, kind in enumerate(plan):
            time.sleep(max(0, began + (place + 0.5) * seconds / len(plan) - time.monotonic()))
            getattr(self, kind)()
            self.scene.db.close()  # its session may be gone
            self.done.append(kind)
            self.scene.all_alive()

    def join(self):
        self.scene.join()

    def killed(self):
        """kill -9 of one that is at something, which another has when the lease has run out."""
        number = self.random.randrange(2)
        self.scene.db.rows("UPDATE torture SET stuck = true")
        self.add("t.stuck", KILLED_FIRST, STUCK)
        eventually(lambda: self.scene.all_alive() or self.scene.held_by(self.scene.servers[number]), "it is at something")
        self.scene.replace(number)
        self.scene.db.rows("UPDATE torture SET stuck = false")

    def leave(self):
        self.scene.servers.pop().leave()

    def postgres_restarted(self):
        self.chaos.postgres_restarted_fast()

    def postgres_stopped_at_once(self):
        self.chaos.postgres_stopped_at_once()

    def lane_hangs(self, patience=30):
        """Everything in one lane hangs; what is added in the others meanwhile is done before that ends."""
        db, first = self.scene.db, PROBE_FIRST + 1000 * self.probes
        self.probes += 1
        db.rows("UPDATE torture SET stuck = true")
        db.rows("INSERT INTO step (what, subject) VALUES ('hang begins', %s)", first)
        self.add("t.stuck", first, STUCK)
        full = "SELECT count(*) FROM work WHERE lane = 'stuck' AND lease IS NOT NULL AND due_at > now()"
        try:
            eventually(lambda: db.one(full) >= 4 * LOOPS, "the lane that hangs is full", patience)
            for kind, count in PROBES.items():
                self.add(kind, first, count)
            eventually(lambda: self.probed(first) or self.scene.raise_the_dead(), "the others go on", patience)
        except Failure:
            pass  # the judge sees it, in the order of steps
        db.rows("INSERT INTO step (what, subject) VALUES ('hang ends', %s)", first)
        db.rows("UPDATE torture SET stuck = false")

    def add(self, kind, first, count):
        self.scene.db.rows("SELECT torture_add(%s, array_agg(n), '0') FROM generate_series(%s, %s) n", kind, first, first + count - 1)

    def probed(self, first):
        return self.scene.db.one("SELECT count(*) FROM work WHERE subject BETWEEN %s AND %s AND kind = ANY (%s)", first, first + 999,
                                 list(PROBES)) == 0


def play(scene, storm, seconds, seed, settle):
    """What the clients and the storm did; then all of it comes to rest, or does not."""
    pieces = round(PIECES * seconds / PER_SECONDS)
    for _ in range(2):
        scene.join()
    adders = [Adder(scene, number, pieces, seconds * 0.8, seed) for number in range(3)]
    for adder in adders:
        adder.start()
    storm.run(seconds)
    for adder in adders:
        adder.join(settle)
        if adder.is_alive() or adder.error:
            raise Failure(f"an adder broke: {adder.error or 'it does not end'}")
    deadline = time.monotonic() + settle
    while scene.left() and time.monotonic() < deadline:
        scene.all_alive()
        scene.raise_the_dead()
        time.sleep(0.2)
    return adders


def leaves_well(scene):
    """One that is told to end while it is at something keeps nothing. What it did, or None."""
    scene.db.rows("UPDATE torture SET stuck = true")
    for kind in ("t.stuck", "t.slow"):
        scene.db.rows("SELECT torture_add(%s, array_agg(n), '0') FROM generate_series(%s, %s) n", kind, LEFT_FIRST, LEFT_FIRST + 100)
    server = scene.servers.pop()
    eventually(lambda: scene.held_by(server) >= 4, "it is at something")
    server.leave()
    kept = scene.held_by(server)
    scene.db.rows("UPDATE torture SET stuck = false")
    return f"{kept} pieces are still lent to it" if kept else None


def run(report, stage, mawid, seconds, seed):
    binary = os.environ.get("WORK_SERVER") or os.path.join(SOURCE_ROOT, "build", "tests", "checker", "work-server")
    scene = Scene(stage, binary, mawid, "work")
    storm, adders = Storm(scene, seed), []
    try:
        adders = play(scene, storm, seconds, seed, SETTLE_SECONDS)
        report.tell("work.who_leaves_gives_back", leaves_well(scene))
        eventually(lambda: scene.left() == 0 or scene.raise_the_dead(), "all is done", SETTLE_SECONDS)
        while scene.servers:
            scene.servers.pop().leave()
        report.tell("work.the_servers_live")
    except (Failure, OSError) as failure:
        report.tell("work.the_servers_live", str(failure))
    finally:
        scene.kill()
    evidence = work_judge.collect(scene.db)
    scene.db.close()
    report.tell_findings({f"work.{check}": lines for check, lines in work_judge.findings(evidence).items()})
    print(f"# pieces added {sum(a.added for a in adders)}, again {sum(a.again for a in adders)}, rolled back "
          f"{sum(a.rolled_back for a in adders)}; storm: {', '.join(storm.done)}")
    print(f"# steps: {work_judge.figures(evidence)}")
    few = work_judge.missing(evidence, seconds)
    report.tell("work.enough_happened", few)


def run_mutants(report, stage, mawid, seed, only):
    binary = os.environ.get("WORK_SERVER") or os.path.join(SOURCE_ROOT, "build", "tests", "checker", "work-server")
    for number, mutant in enumerate(MUTANTS):
        if only in mutant.name:
            report.tell(f"work.mutant.{mutant.name}", survived(mutant, stage, binary, mawid, f"workless{number}", seed))


def survived(mutant, stage, binary, mawid, name, seed):
    """What did not fail, or None."""
    found = {}
    for attempt in range(MUTANT_TRIES):
        try:
            scene = Scene(stage, binary, mawid, f"{name}x{attempt}", mutant)
        except Failure as failure:
            return str(failure)
        try:
            storm = Storm(scene, seed, ("lane_hangs",))
            storm.lane_hangs = lambda hangs=storm.lane_hangs: hangs(patience=6)
            play(scene, storm, MUTANT_SECONDS, f"{seed}/{attempt}", MUTANT_SETTLE)
            found = {}
        except Failure as failure:
            found = {"the_servers_live": [str(failure)]}
        finally:
            scene.kill()
        found |= {check: lines for check, lines in work_judge.findings(work_judge.collect(scene.db)).items() if lines}
        scene.db.close()
        if mutant.found_by in found:
            break
    print(f"# {mutant.name}: found {({check: len(lines) for check, lines in found.items()})}", flush=True)
    return None if mutant.found_by in found else f"not noticed by {mutant.found_by}"
