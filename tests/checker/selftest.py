"""Can the judge find anything? A sound run of a few bookings, then the same with one thing doctored:
each must be found by the check that is there for it."""
import dataclasses
import json

import judge
from evidence import Evidence, Move, Request, Service, State

HOUR = 3_600_000_000
HALF = HOUR // 2
NOON = 1_900_000_000 * 1_000_000 // HOUR * HOUR  # a full hour
SERVICE, INDOORS, SALON, OWNER = 7, 8, 3, 40


def _text(micros):
    return judge._time(micros)


class Tale:
    """Writes down what requests, witness, history and table would say of a sound run."""

    def __init__(self):
        self.requests, self.witness, self.history = [], [], []
        self.clock, self.transaction = NOON - 24 * HOUR, 100

    def tick(self):
        self.clock += 1_000_000
        self.transaction += 1

    def answer(self, state):
        return {"id": state.booking, "version": state.version, "status": state.status, "staff": state.staff,
                "customer": state.customer, "starts_at": _text(state.starts), "ends_at": _text(state.ends)}

    def ask(self, name, kind, who, body, *states, **more):
        said = [self.answer(state) for state in states]
        answer = json.dumps({"bookings": said} if kind == "visit" else said[0]) if said else ""
        status = 201 if kind in ("create", "hold", "visit") else 200
        self.requests.append(Request(id=name, kind=kind, who=who, body=body, began=self.clock / 1e6, ended=self.clock / 1e6 + 0.5,
                                     **{"outcome": "answered", "status": status, "answer": answer, **more}))

    def state(self, booking, status, staff, starts, old=None, room=None, visit=None, request="", version=1, role="customer",
              who=1, hold_until=None, at=None):
        state = State(booking, version, status, SALON, INDOORS if room else SERVICE, staff, room, who, visit, starts, starts + HALF,
                      (starts - HALF, starts + HALF), hold_until, self.clock, self.transaction)
        self.witness.append(state)
        self.history.append(Move(booking, version, at or self.clock - 1000, self.clock, self.transaction, role, who, old, status, request))
        return state

    def evidence(self):
        rows = {state.booking: dataclasses.replace(state, commit=0, transaction=0) for state in self.witness}
        return Evidence(self.requests, list(rows.values()), self.witness, self.history, {SERVICE: Service(HALF, HALF, 0), INDOORS: Service(HALF, HALF, 0, frozenset({9}))},
                        read_at=self.clock + HOUR)


def _wish(staff, starts, service=SERVICE, **more):
    return {"salon": SALON, "service": service, "staff": staff, "starts_at": _text(starts), **more}


def sound():
    tale = Tale()
    tale.tick()  # 1: booked by a key and its twin, cancelled
    made = tale.state(1, "confirmed", 5, NOON, room=9, request="a")
    for name in ("a", "a2"):
        tale.ask(name, "create", 1, _wish(5, NOON, INDOORS), made, key="k")
    tale.tick()
    tale.ask("b", "cancel", 1, {}, tale.state(1, "cancelled", 5, NOON, "confirmed", room=9, request="b", version=2), booking=1)
    tale.tick()  # 2: takes the time that it left; the answer was lost
    tale.state(2, "pending", 5, NOON, room=9, request="c", who=2)
    tale.ask("c", "create", 2, _wish(None, NOON, INDOORS), outcome="unknown", status=0)
    tale.tick()  # moved to a later time by its manager
    moved = tale.state(2, "pending", 5, NOON + HOUR, "pending", room=9, request="d", version=2, role="manager", who=2)
    tale.ask("d", "reschedule", OWNER, {"starts_at": _text(NOON + HOUR)}, moved, booking=2)
    tale.tick()  # 3 and 4: a visit
    both = [tale.state(3, "confirmed", 6, NOON, visit="v", request="e"), tale.state(4, "confirmed", 5, NOON + 2 * HOUR, visit="v", request="e")]
    items = [{name: wish[name] for name in ("service", "staff", "starts_at")} for wish in (_wish(6, NOON), _wish(5, NOON + 2 * HOUR))]
    tale.ask("e", "visit", 1, {"salon": SALON, "items": items}, *both)
    tale.tick()  # 5: held, and over
    tale.ask("f", "hold", 1, _wish(6, NOON + HOUR, hold=True),
             tale.state(5, "held", 6, NOON + HOUR, request="f", hold_until=tale.clock + 3_000_000))
    tale.tick()
    tale.ask("g", "create", 2, _wish(6, NOON + HOUR), status=409, code="booking.slot_taken")
    tale.clock += 3_000_000
    tale.state(5, "expired", 6, NOON + HOUR, "held", version=2, role="system", hold_until=tale.clock - 1_000_000)
    tale.tick()  # 6: held, and confirmed in time
    tale.ask("h", "hold", 1, _wish(6, NOON + HOUR, hold=True),
             tale.state(6, "held", 6, NOON + HOUR, request="h", hold_until=tale.clock + 3_000_000))
    tale.tick()
    tale.ask("i", "confirm", 1, {}, tale.state(6, "confirmed", 6, NOON + HOUR, "held", request="i", version=2), booking=6)
    tale.ask("j", "look", 1, {}, tale.witness[-1], booking=6)
    tale.ask("p", "list", 1, {}, *both, answer=json.dumps({"results": [tale.answer(state) for state in both]}))
    tale.ask("o", "mismatch", 1, _wish(5, NOON, notes="other"), status=422, key="k")
    tale.ask("l", "create", 2, _wish(6, NOON), outcome="unsent", status=0)
    return tale


# --- doctored ---------------------------------------------------------------------------------------

def _change(items, pick, **fields):
    """Replaces fields of those that `pick` names by its id or (booking, version)."""
    hits = 0
    for place, item in enumerate(items):
        name = item.id if isinstance(item, Request) else (item.booking, item.version)
        if name == pick:
            items[place] = dataclasses.replace(item, **fields)
            hits += 1
    assert hits == 1, f"{pick} is there {hits} times"


def _shift(tale, booking, version, starts):
    _change(tale.witness, (booking, version), starts=starts, ends=starts + HALF, claimed=(starts - HALF, starts + HALF))


def _say(tale, name, **fields):
    """The answer of that request says something else."""
    request = next(request for request in tale.requests if request.id == name)
    _change(tale.requests, name, answer=json.dumps({**json.loads(request.answer), **fields}))


def _drop(items, *picks):
    items[:] = [item for item in items if (item.id if isinstance(item, Request) else (item.booking, item.version)) not in picks]


def a_buffer_reaches_into_a_booking(tale):
    _shift(tale, 4, 1, NOON + HOUR + HALF - 60_000_000)


def one_room_is_given_to_two(tale):
    _change(tale.witness, (3, 1), room=9, service=INDOORS)
    _shift(tale, 3, 1, NOON + HOUR)


def one_is_booked_before_the_other_is_cancelled(tale):
    for notes in (tale.witness, tale.history):
        _change(notes, (1, 2), commit=next(s.commit for s in tale.witness if s.booking == 2) + 10)


def a_long_claim_covers_a_short_one(tale):
    tale.tick()
    for booking, start, length in ((20, 6 * HOUR, 4 * HOUR), (21, 9 * HOUR, HALF)):
        state = tale.state(booking, "confirmed", 8, NOON + start, request="m")
        _change(tale.witness, (booking, 1), claimed=(state.starts, state.starts + length))


def a_claim_forgets_its_buffer(tale):
    state = next(s for s in tale.witness if (s.booking, s.version) == (4, 1))
    _change(tale.witness, (4, 1), claimed=(state.starts, state.ends))


def a_service_is_given_without_its_room(tale):
    _change(tale.witness, (2, 2), room=None)


def a_success_is_not_in_the_database(tale):
    for notes in (tale.witness, tale.history):
        _drop(notes, (6, 1), (6, 2))


def a_confirmation_is_undone(tale):
    for notes in (tale.witness, tale.history):
        _drop(notes, (6, 2))


def an_answer_shows_another_time(tale):
    _say(tale, "d", starts_at=_text(NOON))


def a_list_shows_what_never_was(tale):
    shown = [tale.answer(dataclasses.replace(tale.witness[-1], booking=77))]
    _change(tale.requests, "p", answer=json.dumps({"results": shown}))


def a_booking_that_was_answered_is_not_found(tale):
    _change(tale.requests, "j", status=404, answer="")


def a_success_is_somebody_elses_booking(tale):
    _change(tale.requests, "a2", key="")


def a_booking_without_a_request(tale):
    _drop(tale.requests, "c")


def a_refused_request_booked(tale):
    _change(tale.requests, "c", outcome="answered", status=409)


def half_a_request_booked(tale):
    _change(tale.requests, "c", outcome="unsent")


def a_request_booked_something_else(tale):
    _change(tale.requests, "c", body=_wish(6, NOON))


def a_request_booked_for_somebody_else(tale):
    _change(tale.requests, "c", who=1)


def a_move_to_a_time_that_nobody_named(tale):
    _change(tale.requests, "d", outcome="unknown", answer="", body={"starts_at": _text(NOON + 3 * HOUR)})


def a_cancellation_nobody_asked_for(tale):
    _change(tale.requests, "b", kind="confirm", outcome="unknown", answer="")


def twins_book_twice(tale):
    tale.tick()
    tale.state(30, "confirmed", 8, NOON, request="a2")


def twins_hear_different_things(tale):
    _say(tale, "a2", notes="x")


def a_twin_is_refused_after_a_success(tale):
    _change(tale.requests, "a2", status=409, answer="", began=tale.requests[0].ended + 1)


def a_used_key_books_another_body(tale):
    _change(tale.requests, "o", status=201, answer=tale.requests[0].answer)


def half_a_visit(tale):
    for notes in (tale.witness, tale.history):
        _drop(notes, (4, 1))


def a_visit_in_two_transactions(tale):
    for notes in (tale.witness, tale.history):
        _change(notes, (4, 1), transaction=999)


def a_hold_is_confirmed_too_late(tale):
    _change(tale.history, (6, 2), at=next(s.hold_until for s in tale.witness if s.booking == 6) + 1)


def a_hold_expires_too_early(tale):
    for notes in (tale.witness, tale.history):
        _change(notes, (5, 2), commit=next(s.hold_until for s in tale.witness if s.booking == 5) - 1)


def a_hold_is_forgotten(tale):
    for notes in (tale.witness, tale.history):
        _drop(notes, (5, 2))


def a_version_is_missing(tale):
    _drop(tale.history, (2, 2))


def a_cancelled_booking_lives_again(tale):
    tale.tick()
    tale.state(1, "confirmed", 8, NOON, "cancelled", version=3, request="b")


def a_change_without_a_version(tale):
    tale.witness.append(dataclasses.replace(tale.witness[-1], status="completed"))


def a_history_line_of_another_transaction(tale):
    _change(tale.history, (2, 2), transaction=998)


def an_internal_error(tale):
    _change(tale.requests, "g", status=500)


def a_503_that_says_nothing(tale):
    _change(tale.requests, "g", status=503, retry_after="")


DOCTORED = {
    a_buffer_reaches_into_a_booking: ("no_two_active_bookings_overlap", "at_no_moment_of_the_run_did_two_overlap"),
    one_room_is_given_to_two: ("no_two_active_bookings_overlap", "at_no_moment_of_the_run_did_two_overlap"),
    one_is_booked_before_the_other_is_cancelled: ("at_no_moment_of_the_run_did_two_overlap",),
    a_long_claim_covers_a_short_one: ("no_two_active_bookings_overlap", "at_no_moment_of_the_run_did_two_overlap"),
    a_claim_forgets_its_buffer: ("each_claims_its_service_with_buffers_and_room",),
    a_service_is_given_without_its_room: ("each_claims_its_service_with_buffers_and_room",),
    a_success_is_not_in_the_database: ("nothing_that_was_answered_with_success_is_lost",),
    a_confirmation_is_undone: ("nothing_that_was_answered_with_success_is_lost",),
    an_answer_shows_another_time: ("nothing_that_was_answered_with_success_is_lost",),
    a_list_shows_what_never_was: ("nothing_that_was_answered_with_success_is_lost",),
    a_booking_that_was_answered_is_not_found: ("nothing_that_was_answered_with_success_is_lost",),
    a_success_is_somebody_elses_booking: ("nothing_that_was_answered_with_success_is_lost",),
    a_booking_without_a_request: ("nothing_happened_that_nobody_asked_for",),
    a_refused_request_booked: ("nothing_happened_that_nobody_asked_for",),
    half_a_request_booked: ("nothing_happened_that_nobody_asked_for",),
    a_request_booked_something_else: ("nothing_happened_that_nobody_asked_for",),
    a_request_booked_for_somebody_else: ("nothing_happened_that_nobody_asked_for",),
    a_move_to_a_time_that_nobody_named: ("nothing_happened_that_nobody_asked_for",),
    a_cancellation_nobody_asked_for: ("nothing_happened_that_nobody_asked_for",),
    twins_book_twice: ("twins_have_one_effect_and_one_answer",),
    twins_hear_different_things: ("twins_have_one_effect_and_one_answer",),
    a_twin_is_refused_after_a_success: ("twins_have_one_effect_and_one_answer",),
    a_used_key_books_another_body: ("twins_have_one_effect_and_one_answer",),
    half_a_visit: ("a_visit_is_made_whole_or_not_at_all",),
    a_visit_in_two_transactions: ("a_visit_is_made_whole_or_not_at_all",),
    a_hold_is_confirmed_too_late: ("holds_end_in_time",),
    a_hold_expires_too_early: ("holds_end_in_time",),
    a_hold_is_forgotten: ("holds_end_in_time",),
    a_version_is_missing: ("the_history_tells_every_move",),
    a_cancelled_booking_lives_again: ("the_history_tells_every_move",),
    a_change_without_a_version: ("the_history_tells_every_move",),
    a_history_line_of_another_transaction: ("the_history_tells_every_move",),
    an_internal_error: ("every_answer_is_one_of_the_contract",),
    a_503_that_says_nothing: ("every_answer_is_one_of_the_contract",),
}


def complaints():
    """(name, what is wrong or None) of each case of the self-test."""
    found = {check: lines for check, lines in judge.findings(sound().evidence()).items() if lines}
    yield "a_sound_run_is_found_sound", f"found {found}" if found else None
    used = set()
    for doctor, checks in DOCTORED.items():
        tale = sound()
        doctor(tale)
        seen = judge.findings(tale.evidence())
        blind = [check for check in checks if not seen[check]]
        used.update(checks)
        yield f"found: {doctor.__name__}", f"not seen by {blind}" if blind else None
    idle = {check.__name__ for check in judge.CHECKS} - used
    yield "every_check_has_a_case_that_it_finds", f"none for {sorted(idle)}" if idle else None
