"""The negative control: in a throw-away database, the guarantee is taken out, and the checker must notice.

What is taken out: every exclusion constraint of the bookings, and the row locks of every function that
decides about them. What stays is what one would write first: look whether the time is free, then insert."""
import re

from lib.check import Failure
from mutants import drop_constraints

LOCK = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b(?:\s+OF\s+\w+)?(?:\s+(?:NOWAIT|SKIP\s+LOCKED))?", re.IGNORECASE)


def take_out_the_guarantee(db):
    constraints = drop_constraints(db)
    locking = [function for function in db.rows(
        "SELECT proname AS name, pg_get_functiondef(oid) AS text FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
        "AND prokind = 'f' AND prosrc ~* 'catalogue_staff' AND proname LIKE 'booking%'") if LOCK.search(function["text"])]
    if not locking:
        raise Failure("there is no function that locks staff rows")
    for function in locking:
        db.rows(LOCK.sub("", function["text"]))
    return (f"{', '.join(constraints)} and the locks of "
            f"{', '.join(sorted({function['name'] for function in locking}))}")
