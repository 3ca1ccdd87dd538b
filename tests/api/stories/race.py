"""Many at once for one slot: one wins, the rest lose cleanly, and the database agrees."""
from lib.check import check, equal
from lib.crowd import at_once
from lib.salons import Salon, at

PATH = "/api/bookings/"


def _active(w, salon):
    return w.db.rows("SELECT staff_id, lower(claimed) AS starts, upper(claimed) AS ends FROM bookings_booking "
                     "WHERE salon_id = %s AND status IN ('held', 'pending', 'confirmed') ORDER BY staff_id, starts", salon.id)


def _no_overlap(rows):
    for one, two in zip(rows, rows[1:]):
        check(one["staff_id"] != two["staff_id"] or one["ends"] <= two["starts"], f"overlap: {one} and {two}")


def of_64_clients_one_gets_the_slot_and_63_lose_cleanly(w):
    salon, crowd = Salon(w), [person.as_language("en") for person in w.crowd(64)]
    for client in crowd:
        client.get("/healthz")  # connected before the start
    answers = at_once(crowd, lambda client: client.post(PATH, salon.booking()))
    equal(sorted(answer.status for answer in answers), [201] + [409] * 63, "statuses")
    for answer in answers:
        if answer.status == 409:
            equal((answer.json["code"], answer.json["detail"]), ("booking.slot_taken", "This time has just been taken."), "refusal")
            check(len(answer.json["alternatives"]) <= 3, "more than three alternatives")
    winner = next(answer for answer in answers if answer.status == 201)
    rows = w.db.rows("SELECT id FROM bookings_booking WHERE salon_id = %s", salon.id)
    equal([row["id"] for row in rows], [winner.json["id"]], "rows in the database")
    equal(w.db.one("SELECT count(*) FROM bookings_history WHERE booking_id = %s", winner.json["id"]), 1, "history lines")


def of_64_clients_as_many_get_in_as_there_are_members(w):
    salon, crowd = Salon(w, staff=5), w.crowd(64)
    answers = at_once(crowd, lambda client: client.post(PATH, salon.booking(staff=None)))
    equal(sorted(answer.status for answer in answers), [201] * 5 + [409] * 59, "statuses")
    equal({row["staff_id"] for row in _active(w, salon)}, set(salon.staff), "staff, each once")


def overlapping_times_never_both_win(w):
    salon, crowd = Salon(w, duration=60), w.crowd(64)
    starts = [at(3, 12 + n // 4 % 4, n % 4 * 15) for n in range(64)]
    answers = at_once(range(64), lambda n: crowd[n].post(PATH, salon.booking(starts[n])))
    check({answer.status for answer in answers} <= {201, 409}, f"statuses {[a.status for a in answers]}")
    rows = _active(w, salon)
    equal(len(rows), sum(answer.status == 201 for answer in answers), "rows in the database")
    check(len(rows) >= 1, "nobody won")
    _no_overlap(rows)


def with_buffers_overlapping_claims_never_both_win(w):
    salon, crowd = Salon(w, staff=3, duration=30, before=15, after=20), w.crowd(64)
    answers = at_once(range(64), lambda n: crowd[n].post(PATH, salon.booking(at(3, 12, n % 8 * 15), None if n % 2 else n % 3)))
    check({answer.status for answer in answers} <= {201, 409}, f"statuses {[a.status for a in answers]}")
    rows = _active(w, salon)
    equal(len(rows), sum(answer.status == 201 for answer in answers), "rows in the database")
    _no_overlap(rows)


def different_staff_do_not_wait_for_each_other_and_all_win(w):
    salon, crowd = Salon(w, staff=32), w.crowd(32)
    answers = at_once(range(32), lambda n: crowd[n].post(PATH, salon.booking(staff=n)))
    equal([answer.status for answer in answers], [201] * 32, "statuses")


def the_limit_of_open_bookings_holds_when_all_come_at_once(w):
    salon, client = Salon(w, staff=40), w.sign_in()
    twins = [client.as_language("en") for _ in range(40)]
    answers = at_once(range(40), lambda n: twins[n].post(PATH, salon.booking(staff=n)))
    made = sum(answer.status == 201 for answer in answers)
    check({answer.status for answer in answers} == {201, 409}, f"statuses {[a.status for a in answers]}")
    refused = next(answer for answer in answers if answer.status == 409)
    equal(refused.json["code"], "booking.too_many_open", "code")
    open_max = _limit(w)
    equal(made, open_max, "bookings made")


def _limit(w):
    """The limit, as one who books one after the other meets it."""
    salon, client = Salon(w, staff=60), w.sign_in()
    for n in range(60):
        if client.post(PATH, salon.booking(staff=n)).status != 201:
            return n
    return 60


def cancelling_and_booking_at_once_never_doubles_a_slot(w):
    salon, crowd = Salon(w), w.crowd(16)
    first = crowd[0].post(PATH, salon.booking()).expect(201).json["id"]
    answers = at_once(range(16), lambda n: crowd[0].as_language("en").post(f"{PATH}{first}/cancel/", {}) if n == 0
                      else crowd[n].post(PATH, salon.booking()))
    equal(answers[0].status, 200, "status of the cancellation")
    won = sum(answer.status == 201 for answer in answers[1:])
    check(won <= 1, f"{won} winners")
    equal(len(_active(w, salon)), won, "active bookings")


def two_who_cancel_at_once_cancel_once(w):
    salon, client = Salon(w), w.booker()
    made = client.post(PATH, salon.booking()).expect(201).json["id"]
    answers = at_once(range(8), lambda _: client.as_language("en").post(f"{PATH}{made}/cancel/", {}))
    equal(sorted(answer.status for answer in answers), [200] + [409] * 7, "statuses")
    equal(w.db.one("SELECT count(*) FROM bookings_history WHERE booking_id = %s", made), 2, "history lines")
