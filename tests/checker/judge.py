"""The judge: from the evidence alone, in plain Python, what must not have happened.

Each check is a function named after what holds; it yields one line for each place where it does not.
None of them uses a rule, a query or an index of the product: intervals are compared one by one.
"""
import datetime
from collections import defaultdict

from evidence import ACTIVE, CREATIONS, FAR, READS, micros, seconds

MOVES = {  # contract: which state may follow which; None: it did not exist
    None: {"held", "pending", "confirmed"},
    "held": {"held", "pending", "confirmed", "expired", "cancelled"},
    "pending": {"pending", "confirmed", "cancelled", "expired"},
    "confirmed": {"confirmed", "pending", "completed", "no_show", "cancelled"},
}
GOALS = {"cancel": {"cancelled"}, "confirm": {"pending", "confirmed"}, "complete": {"completed"}, "no_show": {"no_show"},
         "reschedule": set(ACTIVE)}
FORESEEN = {200, 201, 204, 400, 403, 404, 409, 422, 503}
TAKEN = "booking.slot_taken"
BUCKET = 900_000_000  # a quarter of an hour: claims are found again by those they touch


# --- overlaps ---------------------------------------------------------------------------------------

def _seats(state):
    """What a booking takes: its member of staff and its room."""
    yield "staff", state.staff
    if state.room is not None:
        yield "room", state.room


def _meet(one, other):
    return one[0] < other[1] and other[0] < one[1]


def no_two_active_bookings_overlap(e):
    """As the table is now: each with each of the same seat that begins before it ends."""
    seats = defaultdict(list)
    for row in e.rows:
        if row.status in ACTIVE:
            for seat in _seats(row):
                seats[seat].append(row)
    for seat, rows in seats.items():
        rows.sort(key=lambda row: row.claimed)
        for place, row in enumerate(rows):
            for other in rows[place + 1:]:
                if other.claimed[0] >= row.claimed[1]:
                    break
                yield f"{_name(seat)}: {_show(row)} and {_show(other)}"


def at_no_moment_of_the_run_did_two_overlap(e):
    """Every state from its commit to that of the next one of the same booking, swept in time."""
    events = []
    for state, after in _lives(e):
        until = after.commit if after else None
        if state.status in ACTIVE and (until is None or until > state.commit):
            events.append((state.commit, 1, state))
            if until is not None:
                events.append((until, 0, state))
    events.sort(key=lambda event: event[:2])  # at one moment, those that end go first
    there = defaultdict(list)
    for when, begins, state in events:
        for seat in _seats(state):
            if not begins:
                there[seat].remove(state)
                continue
            for other in there[seat]:
                if _meet(state.claimed, other.claimed):
                    yield f"{_name(seat)} at {_time(when)}: {_show(state)} and {_show(other)}"
            there[seat].append(state)


def _lives(e):
    """(state, what came after it, or None)."""
    for life in e.witness_of.values():
        yield from zip(life, [*life[1:], None])


def each_claims_its_service_with_buffers_and_room(e):
    for state in (*e.rows, *e.witness):
        service = e.services[state.service]
        claim = service.claim(state.starts)
        if state.ends - state.starts != service.length or state.claimed != claim:
            yield f"{_show(state)}: must claim {_time(claim[0])} to {_time(claim[1])} for {service.length} µs"
        if state.room not in (service.rooms or {None}):
            yield f"{_show(state)}: in room {state.room}, its service needs one of {sorted(service.rooms)}"


# --- the history ------------------------------------------------------------------------------------

def the_history_tells_every_move(e):
    """The history, what the witness saw and the table are one story, version by version."""
    now = {row.booking: row for row in e.rows}
    lines = defaultdict(list)
    for move in e.history:
        lines[move.booking].append(move)
    for booking in sorted(now.keys() - lines.keys()):
        yield f"booking {booking} has no history"
    for booking, moves in lines.items():
        moves.sort(key=lambda move: move.version)
        yield from _one_story(booking, moves, now.get(booking))
    yield from _witness_agrees(e)


def _one_story(booking, moves, row):
    if row is None:
        yield f"booking {booking} is in the history, but not in the table"
        return
    if [move.version for move in moves] != list(range(1, len(moves) + 1)):
        yield f"booking {booking}: versions {[move.version for move in moves]}"
    for before, move in zip([None, *moves], moves):
        old = before.new if before else None
        if move.old != old or move.new not in MOVES.get(old, ()):
            yield f"booking {booking} version {move.version}: from {move.old} (it was {old}) to {move.new}"
        if before and before.commit > move.commit:
            yield f"booking {booking} version {move.version}: committed before version {before.version}"
    if (row.version, row.status) != (moves[-1].version, moves[-1].new):
        yield f"booking {booking} is {row.status}, version {row.version}; its history ends {moves[-1].new}, {moves[-1].version}"


def _witness_agrees(e):
    latest = {}
    for state in e.witness:
        move, last = e.moves.get((state.booking, state.version)), latest.get(state.booking)
        if last is not None and last.version == state.version and _essence(last) != _essence(state):
            yield f"{_show(state)} was {_show(last)}: changed without a new version"
        if move is None:
            yield f"{_show(state)}: no line in the history"
        elif move.new != state.status or (move.transaction != state.transaction and _changed(last, state)):
            yield f"{_show(state)}: the history says {move.new}, in transaction {move.transaction} of {state.transaction}"
        latest[state.booking] = state
    for row in e.rows:
        if row.booking not in latest or _essence(latest[row.booking]) != _essence(row):
            yield f"{_show(row)}: not what was written last"


def _changed(last, state):
    return last is None or last.version != state.version


def _essence(state):
    return (state.version, state.status, state.staff, state.room, state.customer, state.service, state.claimed)


# --- lost -------------------------------------------------------------------------------------------

def nothing_that_was_answered_with_success_is_lost(e):
    """Every booking of every 2xx was stored as it was shown, by that request (or a twin with its key);
    whatever became of it since is told by the history, which another check follows to the table."""
    for request in e.requests:
        if request.kind == "look" and request.outcome == "answered" and request.status == 404:
            yield f"{_ask(request)}: not found, but it was answered 2xx before"
        if request.success:
            for shown in request.bookings:
                yield from _stored(e, request, shown)


def _stored(e, request, shown):
    state = e.states.get((shown["id"], shown["version"]))
    if state is None:
        yield f"{_ask(request)} showed booking {shown['id']} version {shown['version']}, which is not stored"
        return
    status = shown["status"]
    if status == "expired" and state.status == "held" and state.hold_until / 1e6 < request.ended:
        status = "held"  # over, though nobody has written that down yet
    until = shown["hold_expires_at"]
    told = (status, *(shown[name] for name in ("salon", "service", "staff", "room", "customer", "visit")),
            micros(shown["starts_at"]), micros(shown["ends_at"]), until and micros(until) // 1_000_000)
    kept = (state.status, state.salon, state.service, state.staff, state.room, state.customer, state.visit,
            state.starts, state.ends, state.hold_until and state.hold_until // 1_000_000)
    if told != kept:
        yield f"{_ask(request)} showed {told} of booking {shown['id']} version {shown['version']}, stored is {kept}"
    move = e.moves.get((shown["id"], shown["version"]))
    if request.kind not in READS and move is not None and not _same_wish(e, request, move.request):
        yield f"{_ask(request)}: booking {shown['id']} version {shown['version']} was made by request {move.request!r}"


def _same_wish(e, request, other):
    if request.id == other:
        return True
    twin = e.by_id.get(other)
    return twin is not None and request.kind in CREATIONS and bool(request.key) and twin.key == request.key \
        and "mismatch" not in (request.kind, twin.kind)


# --- phantom ----------------------------------------------------------------------------------------

def nothing_happened_that_nobody_asked_for(e):
    """Each line of the history has a request that could have caused it and that was not refused."""
    for move in e.history:
        request = e.by_id.get(move.request)
        if move.new == "expired":
            if move.role != "system":
                yield f"{_tell(move)}: expired by a {move.role}"
        elif request is None:
            yield f"{_tell(move)}: nobody sent that request"
        elif request.refused:
            yield f"{_tell(move)}: {_ask(request)} was {_fate(request)}"
        elif move.actor != request.who:
            yield f"{_tell(move)}: {_ask(request)} came from user {request.who}, the history names {move.actor}"
        else:
            yield from _caused(e, move, request)


def _caused(e, move, request):
    state = e.states.get((move.booking, move.version))
    if state is None:
        return  # another check says so
    if move.old is None:
        if request.kind not in CREATIONS or state.customer != request.who:
            yield f"{_tell(move)}: {_ask(request)} by user {request.who} asked for no booking of user {state.customer}"
        elif not any(_fits(wish, state) for wish in request.wishes):
            yield f"{_tell(move)}: {_show(state)} is not what {_ask(request)} asked for: {request.body}"
        return
    if move.new not in GOALS.get(request.kind, ()) or not _about(e, request, state):
        yield f"{_tell(move)}: not what {_ask(request)} (booking {request.booking}) asked for"
    elif request.kind == "reschedule" and request.booking == state.booking and not _fits(request.body, state):
        yield f"{_tell(move)}: {_show(state)} is not what {_ask(request)} asked for: {request.body}"


def _about(e, request, state):
    """The booking itself, or one of the same visit."""
    if request.booking == state.booking:
        return True
    target = e.states.get((request.booking, 1))
    return target is not None and target.visit is not None and target.visit == state.visit


def _fits(wish, state):
    return (wish.get("staff") in (None, state.staff) and wish.get("service") in (None, state.service)
            and wish.get("salon") in (None, state.salon) and micros(wish["starts_at"]) == state.starts
            and bool(wish.get("hold")) <= (state.status == "held"))


# --- twins, visits, holds ---------------------------------------------------------------------------

def twins_have_one_effect_and_one_answer(e):
    """Of one key: made at most once, every success the same bytes, and after it no other answer."""
    for (_, key), group in e.groups.items():
        effects = {(move.request, move.transaction) for request in group for move in e.births.get(request.id, ())}
        if len(effects) > 1:
            yield f"key {key}: made {len(effects)} times, by {sorted(effects)}"
        good = [request for request in group if request.success]
        if len({(request.status, request.answer) for request in good}) > 1:
            yield f"key {key}: different answers with success: {[request.answer for request in good]}"
        if good and good[0].key:
            known = min(request.ended for request in good)
            for request in group:
                if request.outcome == "answered" and request.began > known and not request.success and request.status != 503:
                    yield f"key {key}: {_ask(request)} was {_fate(request)} after a success"
    yield from _other_bodies(e)


def _other_bodies(e):
    """These are only sent after a success with their key and another body."""
    for request in e.requests:
        if request.kind == "mismatch" and request.outcome == "answered" and request.status not in (422, 503):
            yield f"{_ask(request)}: a used key with another body was {_fate(request)}"


def a_key_is_stored_with_its_effect(e):
    """In the same transaction; neither is there without the other."""
    stored = {(row.caller, row.key): row for row in e.keys}
    for (how, key), group in e.groups.items():
        births = [move for request in group for move in e.births.get(request.id, ())]
        row = stored.pop((group[0].who, key), None) if how == "key" else None
        if how == "key" and {move.transaction for move in births} != ({row.transaction} if row else set()):
            yield f"key {key}: {len(births)} bookings in transactions {sorted({m.transaction for m in births})}, stored: {row}"
    for row in stored.values():
        yield f"{row}: no request with that key"


def a_visit_is_made_whole_or_not_at_all(e):
    for (_, key), group in e.groups.items():
        if group[0].kind == "visit":
            births = [move for request in group for move in e.births.get(request.id, ())]
            if births and (len(births) != len(group[0].wishes) or len({move.transaction for move in births}) != 1):
                yield f"key {key}: {len(births)} of {len(group[0].wishes)} bookings, {births}"


def a_held_visit_is_one_hold(e):
    """Confirmed or cancelled: all of it that is still held, and not over, in the same transaction."""
    for move in e.history:
        if move.old != "held" or move.new not in ("pending", "confirmed", "cancelled"):
            continue
        visit = e.states[move.booking, 1].visit if (move.booking, 1) in e.states else None
        for other in e.visits.get(visit, ()):
            before = [state for state in e.witness_of[other] if state.commit < move.commit and state.transaction != move.transaction]
            if before and before[-1].status == "held" and before[-1].hold_until > move.at:
                after = e.moves.get((other, before[-1].version + 1))
                if after is None or (after.transaction, after.new) != (move.transaction, move.new):
                    yield f"{_tell(move)}: of the same visit, {_show(before[-1])} stayed behind: {after}"


def holds_end_in_time(e):
    """Judged by the database's clock. Confirming needs a hold that lasts; only one that is over expires."""
    for move in e.history:
        before = e.states.get((move.booking, move.version - 1))
        if before is None or before.status != "held" or before.hold_until is None:
            continue
        if move.new in ("pending", "confirmed") and move.at > before.hold_until:
            yield f"{_tell(move)}: confirmed {move.at - before.hold_until} µs too late"
        if move.new == "expired" and move.commit < before.hold_until:
            yield f"{_tell(move)}: expired {before.hold_until - move.commit} µs too early"
    for row in e.rows:
        if row.status == "held" and row.hold_until < e.read_at - e.hold_patience:
            yield f"{_show(row)}: held {e.read_at - row.hold_until} µs longer than said"


# --- refusals, time off ------------------------------------------------------------------------------

def a_time_was_taken_when_they_said_so(e):
    """Whoever heard "taken" was told the truth: while she asked, there was a booking in the way (a hold
    that was over is none), or time off. How long after its commit somebody may still have seen what had
    been there before is known from the answer to whoever changed it."""
    blocks = _blocks(e)
    for request in e.requests:
        if request.code != TAKEN:
            continue
        asked = (seconds(request.began), seconds(request.ended))
        if request.kind == "reschedule":
            told_so = _reschedule_blocked(e, blocks, request, asked)
        else:
            hers = _made_with_key(e, request)
            told_so = _crosses_itself(e, request.wishes) or any(
                _wish_blocked(e, blocks, asked, wish["service"], micros(wish["starts_at"]),
                              [wish["staff"]] if wish["staff"] else e.crews[wish["salon"]], hers) for wish in request.wishes)
        if not told_so:
            yield f"{_ask(request)}, {_time(asked[0])} to {_time(asked[1])}: nothing was in the way of {request.body}"


def _made_with_key(e, request):
    """What she or a twin of hers got by then is not in her way: she is to hear of that."""
    twins = e.groups.get(("key", request.key), ()) if request.key else ()
    return {move.booking for twin in twins for move in e.births.get(twin.id, ())}


def _blocks(e):
    """{(seat, bucket of time): [(booking, claim, (seen from, seen until))]}."""
    blocks = defaultdict(list)
    for state, after in _lives(e):
        if state.status not in ACTIVE:
            continue
        until = FAR
        if after is not None:
            cause = e.by_id.get(e.moves[after.booking, after.version].request) if (after.booking, after.version) in e.moves else None
            until = seconds(cause.ended) if cause is not None and cause.outcome == "answered" else FAR
        if state.status == "held":
            until = min(until, state.hold_until)
        for seat in _seats(state):
            for bucket in _buckets(state.claimed):
                blocks[seat, bucket].append((state.booking, state.claimed, (state.commit, until)))
    for absence in e.absences:
        for bucket in _buckets(absence.during):
            blocks[("staff", absence.staff), bucket].append((0, absence.during, absence.perhaps))
    return blocks


def _buckets(claim):
    return range(claim[0] // BUCKET, (claim[1] - 1) // BUCKET + 1)


def _blocked(blocks, asked, seat, claim, but):
    return any(booking not in but and _meet(claim, taken) and _meet(asked, seen)
               for bucket in _buckets(claim) for booking, taken, seen in blocks.get((seat, bucket), ()))


def _wish_blocked(e, blocks, asked, service, starts, staff, but):
    """All of the staff who would do, or all rooms. (Each at some moment of the asking.)"""
    rules = e.services[service]
    claim = rules.claim(starts)
    return all(_blocked(blocks, asked, ("staff", member), claim, but) for member in staff) or (
        bool(rules.rooms) and all(_blocked(blocks, asked, ("room", room), claim, but) for room in rules.rooms))


def _reschedule_blocked(e, blocks, request, asked):
    states = e.witness_of[request.booking]
    staff = [request.body["staff"]] if request.body.get("staff") else {state.staff for state in states}
    return any(_wish_blocked(e, blocks, asked, states[0].service, micros(request.body["starts_at"]), [member], {request.booking})
               for member in staff)


def _crosses_itself(e, wishes):
    """A visit two of whose services are in each other's way, maybe."""
    claims = sorted(e.services[wish["service"]].claim(micros(wish["starts_at"])) for wish in wishes)
    return any(_meet(one, other) for one, other in zip(claims, claims[1:]))


def time_off_is_kept(e):
    """Nobody who asked after a member of staff got time off, and before it was taken back, got her then."""
    absences = defaultdict(list)
    for absence in e.absences:
        absences[absence.staff].append(absence)
    for move in e.history:
        request, state = e.by_id.get(move.request), e.states.get((move.booking, move.version))
        if request is None or state is None or not (move.old is None or request.kind == "reschedule"):
            continue
        for absence in absences[state.staff]:
            surely = absence.surely[0] < seconds(request.began) and move.commit < absence.surely[1]
            if surely and _meet((state.starts, state.ends), absence.during):
                yield f"{_tell(move)}: {_show(state)} during {absence}"


# --- answers ----------------------------------------------------------------------------------------

def every_answer_is_one_of_the_contract(e):
    for request in e.requests:
        if request.slow:
            yield f"{_ask(request)}: no answer in time, and the connection stayed open"
        if request.outcome == "answered" and request.status not in FORESEEN:
            yield f"{_ask(request)}: {_fate(request)}"
        if request.status == 503 and int(request.retry_after or 0) <= 0:
            yield f"{_ask(request)}: 503 without Retry-After"


CHECKS = (no_two_active_bookings_overlap, at_no_moment_of_the_run_did_two_overlap, each_claims_its_service_with_buffers_and_room,
          the_history_tells_every_move, nothing_that_was_answered_with_success_is_lost,
          nothing_happened_that_nobody_asked_for, twins_have_one_effect_and_one_answer, a_key_is_stored_with_its_effect,
          a_visit_is_made_whole_or_not_at_all, a_held_visit_is_one_hold, holds_end_in_time,
          a_time_was_taken_when_they_said_so, time_off_is_kept, every_answer_is_one_of_the_contract)


def findings(evidence):
    """{check: [line]} of all that is wrong."""
    return {check.__name__: list(check(evidence)) for check in CHECKS}


# --- words ------------------------------------------------------------------------------------------

def _time(micros):
    return datetime.datetime.fromtimestamp(micros / 1e6, datetime.timezone.utc).isoformat(timespec="microseconds")


def _name(seat):
    return f"{seat[0]} {seat[1]}"


def _show(state):
    return (f"booking {state.booking} version {state.version} ({state.status}, staff {state.staff}, "
            f"{_time(state.claimed[0])} to {_time(state.claimed[1])})")


def _tell(move):
    return f"booking {move.booking} version {move.version} ({move.old} to {move.new}, request {move.request!r})"


def _ask(request):
    return f"{request.kind} {request.id}"


def _fate(request):
    return f"answered {request.status} {request.code}" if request.outcome == "answered" else request.outcome
