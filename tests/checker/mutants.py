"""Would the checker notice? Rules of the booking engine are broken, one at a time, in a throw-away database:
the text of its functions is changed, and where the exclusion constraints would keep the guarantee all the
same, they are dropped too. The clients play without faults, and the checks that the mutant names must fail.

A mutant whose text is not found exactly once is a failure: the functions have changed, and it must follow.
"""
import dataclasses

from lib.check import Failure

OVERLAP = "at_no_moment_of_the_run_did_two_overlap"
CREATING = {"create": 5, "hold": 1, "visit": 1, "cancel": 3}
TWINS = {"twins": 5, "cancel": 1}
HOLDING = {"hold": 3, "create": 3, "confirm": 3, "cancel": 2}
VISITS = {"held_visit": 4, "visit": 4, "confirm": 2, "cancel": 6}
MOVING = {"create": 2, "reschedule": 6, "cancel": 1}
DUELS = {"create": 2, "duel": 5}

# Another session's transaction, from inside a function.
ELSEWHERE = """
CREATE EXTENSION dblink;
CREATE FUNCTION elsewhere(statement text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM dblink_exec(format('host=%s port=%s dbname=%s user=postgres application_name=elsewhere',
        current_setting('unix_socket_directories'), current_setting('port'), current_database()), statement);
END $$;
"""
KEY_ELSEWHERE = ELSEWHERE + """
CREATE FUNCTION key_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') = 'elsewhere' THEN
        RETURN NEW;
    END IF;
    PERFORM elsewhere(format('INSERT INTO idempotency_key SELECT (%L::idempotency_key).*', NEW));
    RETURN NULL;
END $$;
CREATE TRIGGER key_elsewhere BEFORE INSERT ON idempotency_key FOR EACH ROW EXECUTE FUNCTION key_elsewhere();
"""


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    found_by: tuple  # all of these
    changes: tuple  # (function, its text, what becomes of it)
    steps: dict
    unguarded: bool = False  # without the exclusion constraints
    also: str = ""  # SQL, by the superuser


MUTANTS = (
    Mutant("creations do not look again behind the lock", (OVERLAP,),
           (("bookings_place", "IF wish.anybody OR spot.near THEN", "IF wish.anybody THEN"),), CREATING, unguarded=True),
    Mutant("creations for anybody do not look again", (OVERLAP,),
           (("booking_team", "count(*) FILTER (WHERE b.status <> 'held' OR b.hold_expires_at > now()) AS busy", "0 AS busy"),),
           CREATING, unguarded=True),
    Mutant("rooms are not looked at again", (OVERLAP,),
           (("booking_house", "count(*) FILTER (WHERE b.status <> 'held' OR b.hold_expires_at > now()) AS busy", "0 AS busy"),),
           CREATING, unguarded=True),
    Mutant("a batch forgets what it gave away", (OVERLAP,),
           (("bookings_place", "(taken[array_position(given, wish.free[1])] && wish.wanted) IS NOT TRUE", "true"),),
           CREATING, unguarded=True),
    Mutant("a visit that is refused keeps what it was given", ("a_time_was_taken_when_they_said_so",),
           (("bookings_place", "taken[at] := taken[at] - tstzmultirange(wishes[i].wanted);", ""),), VISITS),
    Mutant("half a visit is kept", ("a_visit_is_made_whole_or_not_at_all",),
           (("bookings_place", "wishes[i].id := NULL;", ""),), VISITS),
    Mutant("half a held visit is confirmed", ("a_held_visit_is_one_hold",),
           (("booking_move_write", "OR state = 'held' AND x.visit_id", "OR false AND x.visit_id"),), VISITS),
    Mutant("a hold that is over is confirmed", ("holds_end_in_time",),
           (("booking_state", "THEN 'expired'", "THEN status"),), HOLDING),
    Mutant("holds expire a second early", ("holds_end_in_time",),
           (("holds_expire", "b.hold_expires_at <= now()", "b.hold_expires_at <= now() + interval '1 s'"),
            ("holds_sweep", "b.hold_expires_at <= now()", "b.hold_expires_at <= now() + interval '1 s'")), HOLDING),
    Mutant("holds that are over stay in the way", ("a_time_was_taken_when_they_said_so",),
           (("holds_over", "b.claimed && wanted", "false"),), HOLDING),
    Mutant("moves do not lock the booking", ("the_history_tells_every_move",),
           (("booking_move", "ORDER BY x.id FOR NO KEY UPDATE", "ORDER BY x.id"),), DUELS),
    Mutant("a reschedule does not compare versions", ("the_history_tells_every_move",),
           (("booking_reschedule_write", "WHERE x.id = b.id AND x.version = b.version\n        AND", "WHERE x.id = b.id\n        AND"),
            ("booking_reschedule_write", "VALUES (b.id, b.version + 1",
             "VALUES (b.id, (SELECT x.version FROM bookings_booking x WHERE x.id = b.id)")), DUELS),
    Mutant("a reschedule does not lock the staff", (OVERLAP,),
           (("booking_reschedule", "PERFORM bookings_lock_staff(wish.free || b.staff_id, wish.rooms, judged_by);", ""),), MOVING, unguarded=True),
    Mutant("a reschedule keeps its room", (OVERLAP,),
           (("booking_reschedule_write", "room_id = wish.room_id,", ""),), MOVING, unguarded=True),
    Mutant("a reschedule forgets the buffers", ("each_claims_its_service_with_buffers_and_room",),
           (("booking_reschedule_write", "claimed = wish.wanted", "claimed = tstzrange(wish.starts_at, wish.ends_at)"),), MOVING),
    Mutant("a reschedule frees the old time first, in another transaction", ("the_history_tells_every_move",),
           (("booking_reschedule_write", "UPDATE bookings_booking x SET staff_id",
             "PERFORM elsewhere(format('UPDATE bookings_booking SET status = ''cancelled'' WHERE id = %s', b.id));\n"
             "UPDATE bookings_booking x SET staff_id"),), MOVING, also=ELSEWHERE),
    Mutant("a twin under way is not seen", ("a_time_was_taken_when_they_said_so", "twins_have_one_effect_and_one_answer"),
           (("bookings_decide", "IF keyed THEN -- a duplicate", "IF false THEN -- a duplicate"),), TWINS),
    Mutant("a key is stored in a transaction of its own", ("a_key_is_stored_with_its_effect",), (), TWINS, also=KEY_ELSEWHERE),
    Mutant("time off is not looked at", ("time_off_is_kept",),
           (("booking_staff_refused", "x.kind = 'off' AND", "x.kind = 'none' AND"),), {"create": 5, "cancel": 3, "time_off": 6}),
)


def apply(mutant, db, superuser):
    if mutant.also:
        superuser.rows(mutant.also)
    for change in mutant.changes:
        _change(superuser, *change)
    if mutant.unguarded:
        drop_constraints(db)


def misfits(db):
    """(mutant, why): those that cannot be applied any more."""
    for mutant in MUTANTS:
        try:
            for function, old, _ in mutant.changes:
                _text(db, function, old)
        except Failure as failure:
            yield mutant.name, str(failure)


def _change(db, function, old, new):
    db.rows(_text(db, function, old).replace(old, new))


def _text(db, function, old):
    """Of the function, which has `old` in it once."""
    found = db.rows("SELECT pg_get_functiondef(oid) AS text FROM pg_proc WHERE proname = %s AND pronamespace = 'public'::regnamespace",
                    function)
    if len(found) != 1 or found[0]["text"].count(old) != 1:
        raise Failure(f"'{old}' is not there exactly once in {function}")
    return found[0]["text"]


def drop_constraints(db):
    """Names of those that were dropped."""
    constraints = db.rows("SELECT conrelid::regclass::text AS owner, conname AS name FROM pg_constraint WHERE contype = 'x' "
                          "AND conrelid::regclass::text LIKE 'bookings%'")
    if not constraints:
        raise Failure("there is no exclusion constraint to take out")
    for constraint in constraints:
        db.rows(f"ALTER TABLE {constraint['owner']} DROP CONSTRAINT {constraint['name']}")
    return [constraint["name"] for constraint in constraints]
