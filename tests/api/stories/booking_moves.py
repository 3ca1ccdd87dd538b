"""What becomes of a booking: who may move it from which state to which, and what is left of that."""
import psycopg2

from lib.bookings import PATH, STATES, as_user, book, history_of, move, put, row_of
from lib.check import check, contains, equal
from lib.crowd import at_once
from lib.salons import Salon, at, instant


# ---- every state, every relation ----

# Read from the contract, not from the code. The number is the status of the answer; a refusal that has no
# more exact code is booking.invalid_transition. "complete" and "no-show" are tried after the booking began,
# the rest before. A stranger: another customer; another manager: of another salon.
TABLE = """
            who              held  pending  confirmed  completed  cancelled  no_show  expired
confirm     customer         200   403      409        409        409        409      409
confirm     staff            403   200      409        409        409        409      409
confirm     manager          403   200      409        409        409        409      409
confirm     admin            403   200      409        409        409        409      409
confirm     stranger         404   404      404        404        404        404      404
confirm     another-manager  404   404      404        404        404        404      404
cancel      customer         200   200      200        409        409        409      409
cancel      staff            200   200      200        409        409        409      409
cancel      manager          200   200      200        409        409        409      409
cancel      admin            200   200      200        409        409        409      409
cancel      stranger         404   404      404        404        404        404      404
cancel      another-manager  404   404      404        404        404        404      404
complete    customer         403   403      403        403        403        403      403
complete    staff            409   409      200        409        409        409      409
complete    manager          409   409      200        409        409        409      409
complete    admin            409   409      200        409        409        409      409
complete    stranger         404   404      404        404        404        404      404
complete    another-manager  404   404      404        404        404        404      404
no-show     customer         403   403      403        403        403        403      403
no-show     staff            409   409      200        409        409        409      409
no-show     manager          409   409      200        409        409        409      409
no-show     admin            409   409      200        409        409        409      409
no-show     stranger         404   404      404        404        404        404      404
no-show     another-manager  404   404      404        404        404        404      404
reschedule  customer         200   200      200        409        409        409      409
reschedule  staff            200   200      200        409        409        409      409
reschedule  manager          200   200      200        409        409        409      409
reschedule  admin            200   200      200        409        409        409      409
reschedule  stranger         404   404      404        404        404        404      404
reschedule  another-manager  404   404      404        404        404        404      404
"""
AFTER = {"confirm": "confirmed", "cancel": "cancelled", "complete": "completed", "no-show": "no_show"}
CODES = {403: "auth.forbidden", 404: "request.not_found", 409: "booking.invalid_transition"}


def _table():
    """(verb, who, state, status) of each cell."""
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    equal(tuple(head[1:]), STATES, "the columns")
    for verb, who, *statuses in lines:
        for state, status in zip(STATES, statuses, strict=True):
            yield verb, who, state, int(status)


def every_move_from_every_state_by_everybody(w):
    customer, salon = w.sign_in(), Salon(w)
    people = {"customer": customer, "staff": as_user(w, salon.staff_users[0]), "manager": as_user(w, salon.owner),
              "admin": w.with_role("admin"), "stranger": w.somebody("stranger"), "another-manager": as_user(w, Salon(w).owner)}
    booking = book(customer, salon.booking())["id"]
    for verb, who, state, status in _table():
        what = f"{verb} by {who} of a booking that is {state}"
        put(w, booking, state, "-1 hour" if verb in ("complete", "no-show") else "3 days")
        before = row_of(w, booking)
        answer = move(people[who].as_language("en"), booking, verb, {"starts_at": at(5, 12)} if verb == "reschedule" else {},
                      headers={"X-Request-Id": f"{verb}-{state}"})
        equal((answer.status, answer.json.get("code")), (status, CODES.get(status)), what)
        lines = history_of(w, booking)[1:]
        if status != 200:
            equal((row_of(w, booking), lines), (before, []), f"what is left of the refused {what}")
            continue
        target = AFTER.get(verb, state)
        equal((row_of(w, booking)["status"], row_of(w, booking)["version"], len(lines)), (target, 2, 1), f"after {what}")
        equal([lines[0][name] for name in ("version", "actor_id", "actor_role", "from_status", "to_status", "request_id")],
              [2, people[who].user["id"], who, state, target, f"{verb}-{state}"], f"the line of {what}")


def the_history_says_who_moved_it_and_on_which_request(w):
    customer, salon = w.sign_in(), Salon(w, auto_confirm=False)
    staff = as_user(w, salon.staff_users[0])
    booking = book(customer, salon.booking())["id"]
    staff.post(f"{PATH}{booking}/confirm/", {}, headers={"X-Request-Id": "story-confirm"}).expect(200)
    line = w.db.row("SELECT * FROM bookings_history WHERE booking_id = %s AND version = 2", booking)
    equal((line["actor_id"], line["actor_role"], line["from_status"], line["to_status"], line["request_id"]),
          (salon.staff_users[0], "staff", "pending", "confirmed", "story-confirm"), "line")


def before_it_begins_nothing_is_completed_or_missed(w):
    salon = Salon(w)
    booking = book(w.booker(), salon.booking())["id"]
    manager = as_user(w, salon.owner)
    for verb in ("complete", "no-show"):
        for language, text in (("en", "This booking has not begun yet."), ("ar", "لم يبدأ هذا الموعد بعد.")):
            equal(move(manager.as_language(language), booking, verb).expect(409, "booking.not_begun").json["detail"], text, "detail")


def what_has_begun_is_refused_in_words_that_fit_every_move(w):
    client, salon = w.sign_in(), Salon(w)
    booking = book(client, salon.booking())["id"]
    for verb, state in (("confirm", "held"), ("reschedule", "held"), ("reschedule", "confirmed"), ("cancel", "held"), ("cancel", "confirmed")):
        put(w, booking, state, "-1 hour")
        for language, text in (("en", "This booking has begun and can no longer be changed."), ("ar", "بدأ هذا الموعد ولا يمكن تغييره.")):
            answer = move(client.as_language(language), booking, verb, {"starts_at": at(5, 12)} if verb == "reschedule" else {})
            equal(answer.expect(409, "booking.already_begun").json["detail"], text, f"detail of {verb}")


def a_no_show_costs_the_fee_of_the_policy(w):
    salon = Salon(w, no_show_fee_amount=3000)
    booking = book(w.booker(), salon.booking())["id"]
    salon.change(no_show_fee_amount=1)
    put(w, booking, "confirmed", "-1 hour")
    gone = move(as_user(w, salon.owner), booking, "no-show", {"reason": "waited 20 minutes"}).expect(200).json
    equal((gone["status"], gone["fee_amount"], gone["reason"]), ("no_show", 3000, "waited 20 minutes"), "status, fee, reason")


def who_saw_another_version_is_refused(w):
    client = w.booker()
    booking = book(client, Salon(w, auto_confirm=False).booking())["id"]
    w.db.rows("UPDATE bookings_booking SET version = 4 WHERE id = %s", booking)
    for language, text in (("en", "The booking has changed since you saw it. Look again."),
                           ("ar", "تغيّر الحجز منذ اطلعت عليه. راجعه مرة أخرى.")):
        equal(move(client.as_language(language), booking, "cancel", {"version": 3}).expect(409, "booking.moved").json["detail"], text, "detail")
    move(client, booking, "reschedule", {"starts_at": at(4, 12), "version": 3}).expect(409, "booking.moved")
    equal(move(client, booking, "cancel", {"version": 4}).expect(200).json["version"], 5, "version")


def of_many_moves_with_one_version_one_is_made(w):
    client, salon = w.sign_in(), Salon(w)
    booking = book(client, salon.booking())
    def act(n):
        twin = client.as_language("en")
        return move(twin, booking["id"], "cancel", {"version": 1}) if n % 2 else \
            move(twin, booking["id"], "reschedule", {"starts_at": at(4, n), "version": 1})
    answers = at_once(range(12), act)
    equal(sorted(a.status for a in answers), [200] + [409] * 11, "statuses")
    equal(row_of(w, booking["id"])["version"], 2, "version")


def later_changes_of_the_policy_leave_a_booking_alone(w):
    """Every word of the policy, changed by its manager as managers do; the booking goes by the old one."""
    old = {"auto_confirm": False, "cancel_cutoff_minutes": 5 * 24 * 60, "late_cancel_fee_amount": 2500, "no_show_fee_amount": 3000,
           "deposit_amount": 500}
    new = {"auto_confirm": True, "cancel_cutoff_minutes": 0, "late_cancel_fee_amount": 1, "no_show_fee_amount": 2, "deposit_amount": 0}
    client, salon = w.sign_in(), Salon(w, **old)
    manager = as_user(w, salon.owner)
    held, late, missed = (book(client, salon.booking(at(3, hour), hold=hour == 12)) for hour in (12, 13, 14))
    manager.patch(f"/api/salons/{salon.id}/", {"booking_policy": new}).expect(200)
    for booking in (held, late, missed):
        row = row_of(w, booking["id"])
        equal({name: row[name] for name in old}, old, "the policy of the booking")
        shown = client.get(f"{PATH}{booking['id']}/").expect(200).json
        equal((shown["deposit_amount"], shown["cancel_free_until"]), (500, booking["cancel_free_until"]), "what is shown of it")
    equal(move(client, held["id"], "confirm").expect(200).json["status"], "pending", "a hold, where approval was wanted")
    for booking in (late, missed):
        move(manager, booking["id"], "confirm").expect(200)
    move(client, late["id"], "reschedule", {"starts_at": at(9, 12)}).expect(409, "booking.too_late")
    equal(move(client, late["id"], "cancel").expect(200).json["fee_amount"], 2500, "fee of a late cancellation")
    put(w, missed["id"], "confirmed", "-1 hour")
    equal(move(manager, missed["id"], "no-show").expect(200).json["fee_amount"], 3000, "fee of a no-show")
    equal(book(client, salon.booking(at(3, 15)))["status"], "confirmed", "a booking made since")


def the_history_says_what_an_ended_booking_leaves_owing(w):
    """What payments work off, whoever crashes when: written with the move."""
    client, salon = w.sign_in(), Salon(w, price=12000, cancel_cutoff_minutes=5 * 24 * 60, late_cancel_fee_amount=2500, no_show_fee_amount=3000)
    manager = as_user(w, salon.owner)
    for who, verb, owed in ((client, "cancel", 2500), (manager, "cancel", 0), (manager, "no-show", 3000), (manager, "complete", 12000)):
        booking = book(client, salon.booking())["id"]
        if who is manager:
            put(w, booking, "confirmed", "-1 hour")
        move(who, booking, verb).expect(200)
        equal([line["owed_amount"] for line in history_of(w, booking)], [None, owed], f"owed after {verb}")


def the_history_is_neither_changed_nor_emptied(w):
    booking = book(w.booker(), Salon(w).booking())["id"]
    before = history_of(w, booking)
    for what in ("UPDATE bookings_history SET note = 'x'", "DELETE FROM bookings_history", "TRUNCATE bookings_history",
                 "TRUNCATE bookings_history CASCADE"):
        try:
            w.db.rows(what)
        except psycopg2.DatabaseError as error:
            contains(str(error), "append-only", what)
        else:
            check(False, f"{what} was let through")
    equal(history_of(w, booking), before, "the history")


# ---- rescheduled ----

def a_booking_moves_to_another_time_and_keeps_its_id(w):
    client, salon = w.sign_in(), Salon(w, price=4200)
    booking = book(client, salon.booking(at(3, 12)))
    w.db.rows("UPDATE catalogue_service SET price_amount = 9900, duration_minutes = 90 WHERE id = %s", salon.service)
    moved = move(client, booking["id"], "reschedule", {"starts_at": at(4, 15)}).expect(200).json
    equal((moved["id"], moved["starts_at"], moved["ends_at"], moved["version"], moved["price_amount"]),
          (booking["id"], at(4, 15), at(4, 15, 30), 2, 4200), "id, start, end, version, price")
    book(w.booker(), {**salon.booking(at(3, 11)), "staff": None})


def a_booking_may_move_into_its_own_time(w):
    client, salon = w.sign_in(), Salon(w, duration=60)
    booking = book(client, salon.booking(at(3, 12)))
    equal(move(client, booking["id"], "reschedule", {"starts_at": at(3, 12, 30)}).expect(200).json["starts_at"], at(3, 12, 30), "start")


def a_taken_time_is_refused_with_alternatives_and_nothing_moves(w):
    client, salon = w.sign_in(), Salon(w)
    booking = book(client, salon.booking(at(3, 12)))
    book(w.booker(), salon.booking(at(3, 15)))
    refused = move(client, booking["id"], "reschedule", {"starts_at": at(3, 15)}).expect(409, "booking.slot_taken").json
    check(0 < len(refused["alternatives"]) <= 3, f"alternatives {refused['alternatives']}")
    equal(client.get(f"{PATH}{booking['id']}/").expect(200).json, booking, "the booking")
    offered = refused["alternatives"][0]["starts_at"]
    equal(move(client, booking["id"], "reschedule", {"starts_at": offered}).expect(200).json["starts_at"], offered, "the nearest of them")


def _offered(client, booking, start, **more):
    refused = move(client, booking, "reschedule", {"starts_at": start, **more}).expect(409, "booking.slot_taken").json
    return [offer["starts_at"] for offer in refused["alternatives"]]


def a_moving_booking_is_not_in_the_way_of_its_alternatives(w):
    client, salon = w.sign_in(), Salon(w, duration=60)
    in_room = salon.add_service(duration=60)
    salon.add_room(in_room)
    salon.offer(salon.staff[0], in_room)
    for day, service in ((3, salon.service), (4, in_room)):
        booking = book(client, {**salon.booking(at(day, 11, 30)), "service": service})["id"]
        book(w.booker(), {**salon.booking(at(day, 13)), "service": service})
        equal(_offered(client, booking, at(day, 12, 30)), [at(day, 12), at(day, 11, 45), at(day, 11, 30)], "alternatives")
        move(client, booking, "reschedule", {"starts_at": at(day, 12)}).expect(200)


def a_moving_booking_is_offered_times_for_its_own_length_and_buffers(w):
    client, salon = w.sign_in(), Salon(w, duration=90, after=15)
    booking = book(client, salon.booking(at(3, 8)))["id"]
    for hour in (12, 14):
        book(w.booker(), salon.booking(at(4, hour)))
    w.db.rows("UPDATE catalogue_service SET duration_minutes = 15, buffer_after_minutes = 0 WHERE id = %s", salon.service)
    offered = _offered(client, booking, at(4, 13))
    equal(offered, [at(4, 10, 15), at(4, 15, 45), at(4, 10)], "alternatives")
    for offer in offered:
        equal(move(client, booking, "reschedule", {"starts_at": offer}).expect(200).json["starts_at"], offer, "start")


def the_salons_people_are_offered_what_only_they_may_choose(w):
    client, salon = w.sign_in(), Salon(w, duration=60, horizon_days=10)
    booking = book(client, salon.booking(at(3, 8)))["id"]
    other = book(w.booker(), salon.booking(at(5, 8)))["id"]
    owner = as_user(w, salon.owner)
    move(owner, other, "reschedule", {"starts_at": at(20, 12)}).expect(200)
    offered = _offered(owner, booking, at(20, 12))
    equal(offered, [at(20, 11), at(20, 13), at(20, 10, 45)], "alternatives")
    for offer in offered:
        move(owner, booking, "reschedule", {"starts_at": offer}).expect(200)
    salon.change(notice_minutes=3 * 24 * 60)
    booking = book(client, salon.booking(at(6, 8)))["id"]
    move(owner, other, "reschedule", {"starts_at": at(1, 12)}).expect(200)
    equal(_offered(owner, booking, at(1, 12)), [at(1, 11), at(1, 13), at(1, 10, 45)], "alternatives within the notice")


def the_salons_people_are_offered_nothing_beyond_their_own_horizon(w):
    salon, client = Salon(w, duration=60, windows=()), w.sign_in()
    weekday = (instant(at(0, 12)).weekday() + 1) % 7
    salon._insert("catalogue_staff_window", staff_id=salon.staff[0], weekday=weekday, starts_minute=720, ends_minute=780)
    booking, other = (book(client, salon.booking(at(day, 12)))["id"] for day in (7, 14))
    owner = as_user(w, salon.owner)
    move(owner, other, "reschedule", {"starts_at": at(364, 12)}).expect(200)
    offered = _offered(owner, booking, at(364, 12))
    equal(offered, [at(day, 12) for day in (357, 350, 343)], "alternatives")
    for offer in offered:
        move(owner, booking, "reschedule", {"starts_at": offer}).expect(200)


def another_member_or_anybody(w):
    client, salon = w.sign_in(), Salon(w, staff=3)
    booking = book(client, salon.booking(at(3, 12), 0))["id"]
    equal(move(client, booking, "reschedule", {"starts_at": at(3, 12), "staff": salon.staff[2]}).expect(200).json["staff"], salon.staff[2], "staff")
    for n in range(3):
        book(w.booker(), salon.booking(at(4, 12), n)) if n != 1 else None
    equal(move(client, booking, "reschedule", {"starts_at": at(4, 12), "staff": None}).expect(200).json["staff"], salon.staff[1], "who is free")
    move(client, booking, "reschedule", {"starts_at": at(4, 12), "staff": Salon(w).staff[0]}).expect(400, "booking.staff_elsewhere")


def the_rules_of_booking_hold_for_the_new_time(w):
    client, salon = w.sign_in(), Salon(w, hours=((600, 1200),), notice_minutes=60, horizon_days=10)
    booking = book(client, salon.booking(at(3, 12)))["id"]
    for start, code in ((at(-1, 12), "booking.past"), (at(3, 12, 7), "booking.off_grid"), (at(3, 21), "booking.outside_hours"),
                        (at(12, 12), "booking.too_far")):
        move(client, booking, "reschedule", {"starts_at": start}).expect(400, code)
    move(as_user(w, salon.owner), booking, "reschedule", {"starts_at": at(12, 12)}).expect(200)
    for start in (at(368, 12), "9999-12-31T20:00:00Z"):  # no salon's horizon is wider than 366 days
        move(as_user(w, salon.owner), booking, "reschedule", {"starts_at": start}).expect(400, "booking.too_far")


def where_the_salon_approves_a_customers_new_time_needs_approval_anew(w):
    client, salon = w.sign_in(), Salon(w, auto_confirm=False)
    booking = book(client, salon.booking())["id"]
    staff = as_user(w, salon.staff_users[0])
    move(staff, booking, "confirm").expect(200)
    equal(move(staff, booking, "reschedule", {"starts_at": at(4, 12)}).expect(200).json["status"], "confirmed", "after staff")
    equal(move(client, booking, "reschedule", {"starts_at": at(4, 15)}).expect(200).json["status"], "pending", "after the customer")


def a_late_fee_is_not_escaped_by_moving(w):
    client, salon = w.sign_in(), Salon(w, cancel_cutoff_minutes=5 * 24 * 60, late_cancel_fee_amount=2500)
    booking = book(client, salon.booking(at(3, 12)))["id"]
    for language, text in (("en", "It is too late to move this booking."), ("ar", "فات وقت تغيير هذا الموعد.")):
        answer = move(client.as_language(language), booking, "reschedule", {"starts_at": at(9, 12)}).expect(409, "booking.too_late")
        equal(answer.json["detail"], text, "detail")
    move(as_user(w, salon.owner), booking, "reschedule", {"starts_at": at(9, 12)}).expect(200)


def two_who_swap_at_once_never_double(w):
    for _ in range(5):
        salon, one, two = Salon(w), w.sign_in(), w.sign_in()
        first, second = book(one, salon.booking(at(3, 12)))["id"], book(two, salon.booking(at(3, 13)))["id"]
        at_once(((one, first, 13), (two, second, 12)), lambda who: move(who[0], who[1], "reschedule", {"starts_at": at(3, who[2])}))
        rows = w.db.rows("SELECT starts_at FROM bookings_booking WHERE salon_id = %s AND status = 'confirmed'", salon.id)
        equal(len({row["starts_at"] for row in rows}), 2, "different times")


def many_who_move_to_one_time_one_gets_it(w):
    salon, crowd = Salon(w), w.crowd(12)
    ids = [book(crowd[n], salon.booking(at(3, 6 + n)))["id"] for n in range(12)]
    answers = at_once(range(12), lambda n: move(crowd[n].as_language("en"), ids[n], "reschedule", {"starts_at": at(5, 12)}))
    equal(sorted(a.status for a in answers), [200] + [409] * 11, "statuses")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s AND status = 'confirmed'", salon.id), 12, "bookings")


def of_many_reschedules_that_name_no_version_each_won_was_seen(w):
    """Whoever is overtaken is told so: no two of those who won moved it from the same version."""
    salon, client = Salon(w, staff=4), w.sign_in()
    booking = book(client, salon.booking(staff=0))["id"]
    answers = at_once(range(16), lambda n: move(client.as_language("en"), booking, "reschedule",
                                                {"starts_at": at(4 + n % 3, 8 + n % 5), "staff": salon.staff[n % 4] if n % 5 else None}))
    won = [answer.json for answer in answers if answer.status == 200]
    equal({answer.json["code"] for answer in answers if answer.status != 200} - {"booking.moved"}, set(), "refusals")
    equal(sorted(b["version"] for b in won), list(range(2, 2 + len(won))), "versions of those who won")
    equal(len(history_of(w, booking)), 1 + len(won), "history lines")
    check(won, "nobody won")


def the_history_says_where_it_was_before(w):
    client, salon = w.sign_in(), Salon(w)
    booking = book(client, salon.booking(at(3, 12)))["id"]
    move(client, booking, "reschedule", {"starts_at": at(4, 12)}).expect(200)
    line = w.db.row("SELECT * FROM bookings_history WHERE booking_id = %s AND version = 2", booking)
    equal((line["from_status"], line["to_status"], line["from_starts_at"], line["from_staff_id"], line["owed_amount"]),
          ("confirmed", "confirmed", instant(at(3, 12)), salon.staff[0], None), "line")


def bodies_of_moves_are_checked(w):
    client = w.booker()
    booking = book(client, Salon(w).booking())["id"]
    for verb, body, field in (("cancel", {"version": 0}, "version"), ("confirm", {"version": "1"}, "version"),
                              ("reschedule", {}, "starts_at"), ("reschedule", {"starts_at": "noon"}, "starts_at"),
                              ("reschedule", {"starts_at": at(3, 12), "staff": 0}, "staff")):
        check(field in move(client, booking, verb, body).expect(400).json, f"{verb} {body}")
    equal(row_of(w, booking)["version"], 1, "version")
