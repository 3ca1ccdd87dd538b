"""What comes round by itself, and what operators see of it: `mawid work`, /metrics, the log."""
import re
import time

from lib.check import check, contains, equal, eventually

KINDS = ("booking.holds", "codes.forget", "keys.forget", "photos.sweep", "sessions.forget")


def _work(w, settings, *words, fails=False):
    code, out, err = w.command("work", *words, **settings)
    equal(code, 1 if fails else 0, f"exit code of `mawid work {' '.join(words)}` ({err})")
    lines = [line for line in err.splitlines() if line.strip()]
    equal(len(lines), 1 if fails else 0, f"lines on stderr ({err!r})")
    return lines[0] if fails else out


def _done(server, kind):
    return server.metric("mawid_work_attempts_total", kind=kind, outcome="done")


# ---- coming round ----

def what_comes_round_is_there_once_and_one_process_does_each(w):
    db, settings = w.own_database("work_round")
    with w.own_server(**settings) as one, w.own_server(**settings) as other:
        equal([row["kind"] for row in db.rows("SELECT DISTINCT kind FROM work ORDER BY kind")], list(KINDS), "kinds")
        equal(db.one("SELECT count(*) FROM work"), 4 + 256, "pieces")
        both = lambda kind: _done(one, kind) + _done(other, kind)
        eventually(lambda: both("booking.holds") >= 3, "holds are swept again and again")
        equal(both("sessions.forget"), 1, "times that old sessions were looked for, though two began")
        for times in range(2, 5):
            w.hasten("sessions.forget", db=db)
            eventually(lambda n=times: both("sessions.forget") == n, "and each time that it was due, once")
    db.close()


def one_that_fails_stops_no_other_and_is_done_when_it_can_be(w):
    db, settings = w.own_database("work_fails")
    with w.own_server(**settings, LOG_LEVEL="debug") as server:
        eventually(lambda: _done(server, "booking.holds") >= 1, "holds are swept")
        db.rows("ALTER FUNCTION holds_sweep RENAME TO holds_swept")
        eventually(lambda: server.metric("mawid_work_attempts_total", kind="booking.holds", outcome="again") >= 2, "it fails")
        db.rows("SELECT work_add('booking.holds', 7, 'house', now(), 'request-7')")
        before = _done(server, "keys.forget")
        w.hasten("keys.forget", db=db)
        eventually(lambda: _done(server, "keys.forget") > before, "another is done meanwhile")
        piece = db.row("SELECT * FROM work WHERE kind = 'booking.holds' AND subject = 0")
        equal((piece["last_error"], piece["dead_at"]), ("internal", None), "what is wrong")
        contains(_work(w, settings, "list", "booking.holds"), piece["last_error"], "mawid work list")
        db.rows("ALTER FUNCTION holds_swept RENAME TO holds_sweep")
        done = _done(server, "booking.holds")
        eventually(lambda: _done(server, "booking.holds") > done, "and then it is done")
        eventually(lambda: db.one("SELECT count(*) FROM work WHERE last_error <> ''") == 0, "and no error is left")
        lines = [record for record in server.log_records() if record.get("event") == "work_again"]
        check(all(line["kind"] == "booking.holds" and line["attempt"] >= 1 for line in lines) and lines, f"lines {lines}")
        equal({line.get("request_id") for line in lines if line["subject"] == 7}, {"request-7"}, "the request that caused one")
    db.close()


def a_process_without_a_place_for_files_leaves_them_to_others(w):
    db, settings = w.own_database("work_files")
    with w.own_server(**settings, MEDIA_ROOT=None) as server:
        eventually(lambda: _done(server, "keys.forget") == 1, "the others are done")
        time.sleep(1)
        equal(db.one("SELECT max(attempts) FROM work WHERE kind = 'photos.sweep'"), 0, "attempts at files")
        with w.own_server(**settings) as other:
            eventually(lambda: _done(other, "photos.sweep") >= 1, "files are looked at")
    db.close()


def an_idle_queue_is_asked_seldom(w):
    _, settings = w.own_database("work_idle")
    with w.own_server(**settings, WORKERS=4) as server:
        eventually(lambda: _done(server, "sessions.forget") == 1, "what was due at first is done")
        before, began = server.metrics(), time.monotonic()
        time.sleep(5)
        after, took = server.metrics(), time.monotonic() - began
        spent = sum(value - before.get(name, 0) for name, value in after.items() if name.startswith("mawid_pg_statements_total"))
        check(spent / took <= 4, f"{spent / took:.1f} statements a second")
        check(spent / took >= 1, f"{spent / took:.1f} statements a second: it looks for nothing")


# ---- operators ----

def operators_see_what_there_is_and_replay_what_is_dead(w):
    db, settings = w.own_database("work_seen")
    for subject in (1, 2, 3):
        db.rows("SELECT work_add('newer.kind', %s, 'newer', now(), 'request-' || %s)", subject, subject)
    db.rows("UPDATE work SET dead_at = now(), attempts = 8, last_error = 'booking.slot_taken' WHERE subject > 1")

    check(re.search(r"^newer\.kind +newer +1 +0 +0 +2 +\d+s$", _work(w, settings, "list"), re.M), "the counts")
    equal(len(_work(w, settings, "list", "newer.kind").splitlines()), 2, "lines of the living")
    for words in (("dead",), ("dead", "newer.kind")):
        dead = _work(w, settings, *words)
        equal(dead.count("booking.slot_taken"), 2, "lines of the dead, with the reason")
    equal(_work(w, settings, "dead", "other.kind").count("\n"), 1, "lines of another kind")
    shown = _work(w, settings, "show", "newer.kind", "2")
    for part in ("newer.kind", "booking.slot_taken", "request-2", "dead", "attempts    8"):
        contains(shown, part, "mawid work show")

    equal(_work(w, settings, "replay", "newer.kind", "2"), "1 piece replayed\n", "stdout")
    equal(db.row("SELECT attempts, dead_at, due_at <= now() AS due FROM work WHERE subject = 2"),
          {"attempts": 0, "dead_at": None, "due": True}, "the piece")
    equal(_work(w, settings, "replay", "newer.kind"), "1 piece replayed\n", "stdout")
    contains(_work(w, settings, "replay", "newer.kind", fails=True), "newer.kind", "with nothing left")
    with w.own_server(**settings) as server:
        eventually(lambda: _done(server, "keys.forget") == 1, "the server works")
        time.sleep(1)
        equal(db.one("SELECT count(*) FROM work WHERE kind = 'newer.kind' AND attempts = 0"), 3,
              "pieces of a kind that this program does not know, left alone")
        equal(server.metric("mawid_work_pieces", kind="newer.kind", state="due"), 3, "and told")
        check(server.metric("mawid_work_oldest_due_seconds", kind="newer.kind") >= 1, "with their age")
    db.close()


def what_cannot_be_asked_is_said_in_one_line(w):
    _, settings = w.own_database("work_asked")
    for words in ((), ("list", "a", "b"), ("show", "a"), ("show", "a", "b"), ("replay",), ("replay", "a", "x1"), ("nonsense",)):
        contains(_work(w, settings, *words, fails=True), "mawid work list", "the line")
    contains(_work(w, settings, "show", "booking.holds", "12345", fails=True), "booking.holds 12345", "the line")
    contains(_work(w, {"DATABASE_URL": None}, "list", fails=True), "DATABASE_URL", "the line")
    contains(_work(w, {"DATABASE_URL": "postgresql://mawid@127.0.0.1:1/mawid"}, "list", fails=True), "DATABASE_URL", "the line")
    contains(_work(w, {"DATABASE_URL": w.empty_database("work_empty")}, "list", fails=True), "mawid migrate", "the line")


# ---- ending ----

def a_server_that_ends_gives_back_what_it_is_at(w):
    db, settings = w.own_database("work_ends")
    with w.own_server(**settings) as server:
        eventually(lambda: _done(server, "booking.holds") >= 1, "holds are swept")
        db.rows("CREATE OR REPLACE FUNCTION holds_sweep(at_most integer) RETURNS bigint LANGUAGE sql AS "
                "$$ SELECT 0::bigint FROM pg_sleep(4) $$")
        eventually(lambda: db.one("SELECT lease IS NOT NULL FROM work WHERE kind = 'booking.holds'"), "it is at it")
        began = time.monotonic()
    check(time.monotonic() - began < 3.5, "and does not wait for it")
    piece = db.row("SELECT lease, attempts, due_at <= now() AS due FROM work WHERE kind = 'booking.holds'")
    equal(piece, {"lease": None, "attempts": 0, "due": True}, "the piece")
    db.close()
