"""Can the judge find anything? A sound run of a few bookings, then the same with one thing doctored:
each must be found by the check that is there for it."""
import dataclasses
import json

import judge
from evidence import Evidence, Key, Move, Request, Service, State

HOUR = 3_600_000_000
HALF = HOUR // 2
NOON = 1_900_000_000 * 1_000_000 // HOUR * HOUR  # a full hour
SERVICE, INDOORS, SALON, OWNER = 7, 8, 3, 40


def _text(micros):
    return judge._time(micros)


class Tale:
    """Writes down what requests, witness, history and table would say of a sound run."""

    def __init__(self):
        self.requests, self.witness, self.history, self.keys = [], [], [], []
        self.clock, self.transaction = NOON - 24 * HOUR, 100

    def tick(self):
        self.clock += 1_000_000
        self.transaction += 1

    def answer(self, state):
        return {"id": state.booking, "version": state.version, "status": state.status, "staff": state.staff,
                "salon": state.salon, "service": state.service, "room": state.room, "visit": state.visit,
                "customer": state.customer, "starts_at": _text(state.starts), "ends_at": _text(state.ends),
                "hold_expires_at": state.hold_until and _text(state.hold_until)}

    def ask(self, name, kind, who, body, *states, **more):
        said = [self.answer(state) for state in states]
        answer = json.dumps({"bookings": said} if kind == "visit" else said[0]) if said else ""
        status = 201 if kind in ("create", "hold", "visit") else 200
        self.requests.append(Request(id=name, kind=kind, who=who, body=body, began=self.clock / 1e6, ended=self.clock / 1e6 + 0.5,
                                     **{"outcome": "answered", "status": status, "answer": answer, **more}))

    def state(self, booking, status, staff, starts, old=None, room=None, visit=None, request="", version=1, role="customer",
              who=1, hold_until=None, at=None, actor=None, service=None):
        state = State(booking, version, status, SALON, service or (INDOORS if room else SERVICE), staff, room, who, visit, starts,
                      starts + HALF, (starts - HALF, starts + HALF), hold_until, self.clock, self.transaction)
        self.witness.append(state)
        self.history.append(Move(booking, version, at or self.clock - 1000, self.clock, self.transaction, role, actor or who, old,
                                 status, request))
        return state

    def keep(self, key, who=1):
        self.keys.append(Key(who, key, self.clock, self.transaction))

    def evidence(self):
        rows = {state.booking: dataclasses.replace(state, commit=0, transaction=0) for state in self.witness}
        services = {SERVICE: Service(HALF, HALF, 0), INDOORS: Service(HALF, HALF, 0, frozenset({9}))}
        return Evidence(self.requests, list(rows.values()), self.witness, self.history, self.keys, services, {SALON: [5, 6, 8]},
                        read_at=self.clock + HOUR)


def _wish(staff, starts, service=SERVICE, **more):
    return {"salon": SALON, "service": service, "staff": staff, "starts_at": _text(starts), **more}


def sound():
    tale = Tale()
    tale.tick()  # 1: booked by a key and its twin, cancelled
    made = tale.state(1, "confirmed", 5, NOON, room=9, request="a")
    tale.keep("k")
    for name in ("a", "a2"):
        tale.ask(name, "create", 1, _wish(5, NOON, INDOORS), made, key="k")
    tale.tick()
    tale.ask("b", "cancel", 1, {}, tale.state(1, "cancelled", 5, NOON, "confirmed", room=9, request="b", version=2), booking=1)
    tale.tick()  # 2: takes the time that it left; the answer was lost
    tale.state(2, "pending", 5, NOON, room=9, request="c", who=2)
    tale.ask("c", "create", 2, _wish(None, NOON, INDOORS), outcome="unknown", status=0)
    tale.tick()  # moved to a later time by its manager
    moved = tale.state(2, "pending", 5, NOON + HOUR, "pending", room=9, request="d", version=2, role="manager", who=2, actor=OWNER)
    tale.ask("d", "reschedule", OWNER, {"starts_at": _text(NOON + HOUR)}, moved, booking=2)
    tale.tick()  # 3 and 4: a visit
    both = [tale.state(3, "confirmed", 6, NOON, visit=3, request="e"), tale.state(4, "confirmed", 5, NOON + 2 * HOUR, visit=3, request="e")]
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
    tale.ask("q", "create", 2, _wish(8, NOON), status=503, code="server.unavailable", retry_after="1")
    _held_visit(tale)
    _time_off(tale)
    return tale


def _held_visit(tale):
    """10 and 11: held together, confirmed together."""
    tale.tick()
    until, times = tale.clock + 3_000_000, (NOON + 6 * HOUR, NOON + 8 * HOUR)
    items = [{name: _wish(5, at)[name] for name in ("service", "staff", "starts_at")} for at in times]
    tale.ask("r", "visit", 1, {"salon": SALON, "items": items, "hold": True},
             *[tale.state(10 + n, "held", 5, at, visit=10, request="r", hold_until=until) for n, at in enumerate(times)])
    tale.tick()
    first, _ = [tale.state(10 + n, "confirmed", 5, at, "held", visit=10, request="s", version=2) for n, at in enumerate(times)]
    tale.ask("s", "confirm", 1, {}, first, booking=10)


def _time_off(tale):
    """8 is away for an hour, is asked for meanwhile, and then is there after all and gets a booking, 12."""
    path, gone = f"/api/salons/{SALON}/staff/8/exceptions/", NOON + 10 * HOUR
    tale.tick()
    tale.ask("t", "off", OWNER, {"kind": "off", "starts_at": _text(gone), "ends_at": _text(gone + HOUR)}, path=path,
             answer='{"id": 77}')
    tale.tick()
    tale.ask("u", "create", 2, _wish(8, gone), status=409, code="booking.slot_taken")
    tale.tick()
    tale.ask("v", "back", OWNER, {}, path=path + "77/", status=204)
    tale.tick()
    tale.ask("w", "create", 2, _wish(8, gone), tale.state(12, "confirmed", 8, gone, request="w", who=2))


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


def a_not_done_was_done(tale):
    tale.tick()
    tale.state(30, "confirmed", 8, NOON, request="q", who=2)


def an_answer_shows_another_room(tale):
    _say(tale, "a", room=None)
    _say(tale, "a2", room=None)


def an_answer_shows_a_longer_hold(tale):
    _say(tale, "h", hold_expires_at=_text(NOON))


def the_history_names_another_actor(tale):
    _change(tale.history, (2, 2), actor=2)


def a_key_is_forgotten(tale):
    tale.keys.clear()


def a_key_is_stored_before_its_effect(tale):
    tale.keys[0] = dataclasses.replace(tale.keys[0], transaction=99)


def a_key_is_stored_without_its_effect(tale):
    _change(tale.requests, "g", key="z")
    tale.keep("z", who=2)


def a_key_of_nobody(tale):
    tale.keep("never sent")


def half_a_held_visit_is_confirmed(tale):
    for notes in (tale.witness, tale.history):
        _drop(notes, (11, 2))


def half_a_held_visit_is_confirmed_later(tale):
    for notes in (tale.witness, tale.history):
        _change(notes, (11, 2), transaction=999)


def half_a_held_visit_is_cancelled(tale):
    for notes in (tale.witness, tale.history):
        _drop(notes, (11, 2))
    _change(tale.witness, (10, 2), status="cancelled")
    _change(tale.history, (10, 2), new="cancelled")


def a_free_time_is_refused(tale):
    _change(tale.requests, "g", body=_wish(8, NOON + HOUR))


def a_time_is_refused_for_a_hold_that_is_over(tale):
    until = next(s.hold_until for s in tale.witness if s.booking == 5)
    _change(tale.requests, "g", began=until / 1e6, ended=until / 1e6 + 0.5)


def a_time_is_refused_after_it_was_freed(tale):
    """By somebody who began to ask when the cancellation had been answered."""
    _change(tale.requests, "g", body=_wish(5, NOON - HOUR, INDOORS))
    _shift(tale, 1, 1, NOON - HOUR)
    _shift(tale, 1, 2, NOON - HOUR)


def a_twin_is_refused_for_the_other_ones_booking(tale):
    _change(tale.requests, "a2", status=409, answer="", code="booking.slot_taken")


def a_move_is_refused_for_the_booking_itself(tale):
    tale.ask("x", "reschedule", 1, {"starts_at": _text(NOON - HALF)}, booking=3, status=409, code="booking.slot_taken")


def a_booking_in_time_off(tale):
    """Asked for when she had it, made before it was taken back."""
    back = next(request.began for request in tale.requests if request.id == "v")
    _change(tale.requests, "w", began=back - 0.4)
    for notes in (tale.witness, tale.history):
        _change(notes, (12, 1), commit=round(back * 1e6) - 1000)


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
    a_not_done_was_done: ("nothing_happened_that_nobody_asked_for",),
    an_answer_shows_another_room: ("nothing_that_was_answered_with_success_is_lost",),
    an_answer_shows_a_longer_hold: ("nothing_that_was_answered_with_success_is_lost",),
    the_history_names_another_actor: ("nothing_happened_that_nobody_asked_for",),
    a_key_is_forgotten: ("a_key_is_stored_with_its_effect",),
    a_key_is_stored_before_its_effect: ("a_key_is_stored_with_its_effect",),
    a_key_is_stored_without_its_effect: ("a_key_is_stored_with_its_effect",),
    a_key_of_nobody: ("a_key_is_stored_with_its_effect",),
    half_a_held_visit_is_confirmed: ("a_held_visit_is_one_hold",),
    half_a_held_visit_is_confirmed_later: ("a_held_visit_is_one_hold",),
    half_a_held_visit_is_cancelled: ("a_held_visit_is_one_hold",),
    a_free_time_is_refused: ("a_time_was_taken_when_they_said_so",),
    a_time_is_refused_for_a_hold_that_is_over: ("a_time_was_taken_when_they_said_so",),
    a_time_is_refused_after_it_was_freed: ("a_time_was_taken_when_they_said_so",),
    a_twin_is_refused_for_the_other_ones_booking: ("a_time_was_taken_when_they_said_so",),
    a_move_is_refused_for_the_booking_itself: ("a_time_was_taken_when_they_said_so",),
    a_booking_in_time_off: ("time_off_is_kept",),
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
