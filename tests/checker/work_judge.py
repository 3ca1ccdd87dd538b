"""Judges what the database noted of a work torture (work.py). Each check yields a line per violation.

Steps of one piece are numbered while its row is locked, so their order is the order in which they happened;
what a crash of Postgres took back, it took back with its notes. No check looks at a clock but Postgres' own.
"""
import collections
import dataclasses

LEASE_SECONDS = 4  # of every kind: its time-out, and the servers' lease_more
KEPT = ("t.fenced", "t.plain", "t.flaky", "t.slow", "t.stuck")
ROLLED_BACK_FIRST = 90_000_000


@dataclasses.dataclass
class Evidence:
    steps: list  # of all pieces, in order
    said: list
    left: list  # rows of work
    versions: dict  # (kind, subject) -> how often it was added
    seen: dict  # (kind, subject, lease) -> the latest version that the attempt has seen


def collect(db):
    return Evidence(
        steps=db.rows("SELECT *, extract(epoch FROM at)::float AS seconds FROM step ORDER BY n"),
        said=db.rows("SELECT * FROM said ORDER BY n"),
        left=db.rows("SELECT * FROM work WHERE kind LIKE 't.%%' ORDER BY kind, subject"),
        versions={(row["kind"], row["id"]): row["version"] for row in db.rows("SELECT * FROM subject WHERE version > 0")},
        seen={(row["kind"], row["subject"], row["lease"]): row["version"]
              for row in db.rows("SELECT kind, subject, lease, max(version) AS version FROM attempt GROUP BY kind, subject, lease")})


def each_is_done_after_its_last_adding(e):
    done = {(s["kind"], s["subject"]): e.seen.get((s["kind"], s["subject"], s["old_lease"])) for s in e.steps if s["what"] == "done"}
    for subject, version in e.versions.items():
        if done.get(subject) != version:
            yield f"{subject} was added {version} times; the last time that it was done had seen {done.get(subject)}"


def what_is_done_has_seen_the_last_change(e):
    for s in e.steps:
        if s["what"] == "done" and e.seen.get((s["kind"], s["subject"], s["old_lease"])) != s["version"]:
            yield f"step {s['n']}: {s['kind']} {s['subject']} at version {s['version']} was finished by who had seen " \
                  f"{e.seen.get((s['kind'], s['subject'], s['old_lease']))}"


def none_is_finished_under_an_old_lease(e):
    for call in e.said:
        if call["answer"] and (call["in_force"] is None or call["presented"] != call["in_force"]):
            yield f"call {call['n']}: {call['what']} of {call['kind']} {call['subject']} with {call['presented']}, in force was {call['in_force']}"


def none_is_refused_under_its_own_lease(e):
    for call in e.said:
        if not call["answer"] and call["in_force"] is not None and call["presented"] == call["in_force"]:
            yield f"call {call['n']}: {call['what']} of {call['kind']} {call['subject']} was refused"


def none_is_lent_out_before_it_is_due(e):
    for s in e.steps:
        if s["what"] == "lent" and s["early"]:
            yield f"step {s['n']}: {s['kind']} {s['subject']}"


def none_is_lent_out_twice_at_once(e):
    lent = {}
    for s in e.steps:
        if s["what"] != "lent":
            continue
        before = lent.get((s["kind"], s["subject"]))
        if s["old_lease"] is not None and before and s["seconds"] - before < LEASE_SECONDS - 0.01:
            yield f"step {s['n']}: {s['kind']} {s['subject']}, lent out {s['seconds'] - before:.2f} s before"
        lent[s["kind"], s["subject"]] = s["seconds"]


def no_lane_waits_for_another(e):
    """What was added in other lanes while one hung was done before that ended; and it did hang."""
    for begin, end, first in hangs(e):
        between = [s for s in e.steps if begin < s["n"] < end and first <= (s["subject"] or 0) < first + 1000]
        added = {(s["kind"], s["subject"]) for s in between if s["what"] == "added"}
        done = {(s["kind"], s["subject"]) for s in between if s["what"] == "done"}
        waiting = sorted(piece for piece in added - done if piece[0] != "t.stuck")
        if waiting or not any(kind != "t.stuck" for kind, _ in added):
            yield f"while {first} hung, of {len(added)} pieces {len(waiting)} waited, such as {waiting[:3]}"
        if any(kind == "t.stuck" for kind, _ in done):
            yield f"{first} did not hang"


def what_was_rolled_back_never_was(e):
    for s in e.steps:
        if (s["subject"] or 0) >= ROLLED_BACK_FIRST:
            yield f"step {s['n']}: {s['what']} {s['kind']} {s['subject']}"


def unknown_kinds_are_left_alone(e):
    for s in e.steps:
        if s["kind"] == "t.newer" and s["what"] != "added":
            yield f"step {s['n']}: {s['what']} {s['subject']}"
    left = sum(row["kind"] == "t.newer" for row in e.left)
    if left != sum(s["kind"] == "t.newer" for s in e.steps if s["what"] == "added"):
        yield f"{left} are left"


def nothing_is_left(e):
    for row in e.left:
        if row["kind"] in KEPT:
            yield f"{row['kind']} {row['subject']}, attempts {row['attempts']}, dead {row['dead_at']}, {row['last_error']}"


CHECKS = (each_is_done_after_its_last_adding, what_is_done_has_seen_the_last_change, none_is_finished_under_an_old_lease,
          none_is_refused_under_its_own_lease, none_is_lent_out_before_it_is_due, none_is_lent_out_twice_at_once,
          no_lane_waits_for_another, what_was_rolled_back_never_was, unknown_kinds_are_left_alone, nothing_is_left)


def findings(evidence):
    return {check.__name__: list(check(evidence)) for check in CHECKS}


def hangs(e):
    """(first step, last step, number of its first subject) of each time that a lane hung."""
    begun = {}
    for s in e.steps:
        if s["what"] == "hang begins":
            begun[s["subject"]] = s["n"]
        if s["what"] == "hang ends":
            yield begun[s["subject"]], s["n"], s["subject"]


def counts(e):
    by = collections.Counter(s["what"] for s in e.steps)
    by["refused"] = sum(not call["answer"] for call in e.said)
    by["voided"] = sum(s["what"] == "back" and s["old_lease"] is not None and s["new_lease"] is None for s in e.steps)
    by["lent out again"] = sum(s["what"] == "lent" and s["old_lease"] is not None for s in e.steps)
    return by


def figures(e):
    servers = {s["who"] for s in e.steps if s["what"] == "lent"}
    return ", ".join(f"{what} {count}" for what, count in sorted(counts(e).items())) + f"; by {len(servers)} processes"


def missing(e, seconds):
    """A run in which little happened proves little: what there was too little of, or None."""
    by, least = counts(e), {"done": 400 * seconds, "lent": 400 * seconds, "dead": 1, "refused": 5, "lent out again": 1, "hang ends": 1}
    few = [f"{what} {by[what]} of {count:.0f}" for what, count in least.items() if by[what] < count]
    return f"too little: {', '.join(few)}" if few else None
