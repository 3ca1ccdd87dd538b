"""What was really done in a run, and how often: what never succeeded was not tested."""
import collections

ALL = ("booked, the member named", "booked, anybody", "booked in a room", "held", "visit", "held visit", "hold confirmed",
       "held visit confirmed", "approved by manager", "approved by staff", "cancelled by customer", "cancelled by manager",
       "cancelled by staff", "held visit cancelled", "moved to another time", "moved to other staff", "moved to both", "moved by customer",
       "moved by manager", "moved by staff", "moved while held", "moved in a room", "completed", "no show",
       "expired by the sweeper", "expired by who wanted the time", "refused as taken", "refused for time off",
       "time off given", "time off taken back", "decided with others", "answered again by key", "lost answer found by key",
       "lost answer, not done", "done by server 0", "done by server 1")


def of(e):
    """Counter of the above."""
    done = collections.Counter()
    births = collections.defaultdict(set)  # transaction -> requests that made something in it
    wanting = set()  # transactions that did more than let holds expire
    for move in e.history:
        if move.new != "expired":
            wanting.add(move.transaction)
        if move.old is None:
            births[move.transaction].add(move.request)
    for move in e.history:
        state, request = e.states.get((move.booking, move.version)), e.by_id.get(move.request)
        if state is not None and not move.request.startswith("begun-"):
            done.update(_deeds(e, move, state, request, wanting))
    done["decided with others"] = sum(len(requests) for requests in births.values() if len(requests) > 1)
    for request in e.requests:
        done["refused as taken"] += request.code == "booking.slot_taken"
        done["refused for time off"] += request.code == "booking.staff_off"
        done["time off given"] += request.kind == "off" and request.success
        done["time off taken back"] += request.kind == "back" and request.success
        if request.success:
            done[f"done by server {request.server}"] += 1
    _with_keys(e, done)
    return done


def _deeds(e, move, state, request, wanting):
    """What this line of the history is."""
    if move.new == "expired":
        yield "expired by who wanted the time" if move.transaction in wanting else "expired by the sweeper"
    elif move.old is None:
        yield from _birth(state, request)
    elif request is not None and request.kind == "reschedule":
        yield from _reschedule(e, move, state)
    elif move.new == "cancelled":
        yield f"cancelled by {move.role}"
        if move.old == "held" and state.visit is not None:
            yield "held visit cancelled"
    elif move.new == "completed":
        yield "completed"
    elif move.new == "no_show":
        yield "no show"
    elif move.old == "held":
        yield "hold confirmed" if state.visit is None else "held visit confirmed"
    elif move.old == "pending":
        yield f"approved by {move.role}"


def _birth(state, request):
    if request is not None and state.visit is None:
        yield "booked, anybody" if request.body.get("staff") is None else "booked, the member named"
    if state.room is not None:
        yield "booked in a room"
    if state.status == "held":
        yield "held" if state.visit is None else "held visit"
    elif state.visit is not None:
        yield "visit"


def _reschedule(e, move, state):
    before = e.states.get((move.booking, move.version - 1))
    if before is None:
        return
    changed = ("time" if before.starts != state.starts else "", "staff" if before.staff != state.staff else "")
    if any(changed):
        yield {("time", ""): "moved to another time", ("", "staff"): "moved to other staff"}.get(changed, "moved to both")
    yield f"moved by {move.role}"
    if state.status == "held":
        yield "moved while held"
    if state.room is not None:
        yield "moved in a room"


def _with_keys(e, done):
    for (how, _), group in e.groups.items():
        good = [request for request in group if request.success]
        lost = [request for request in group if request.outcome == "unknown"]
        made = any(e.births.get(request.id) for request in group)
        if how == "key":
            done["answered again by key"] += max(0, len(good) - 1)
            done["lost answer found by key"] += bool(good and any(e.births.get(request.id) for request in lost))
        done["lost answer, not done"] += bool(lost) and not made
