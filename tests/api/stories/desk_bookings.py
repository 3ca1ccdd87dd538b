"""What the desk changes while bookings are being made, and what becomes of those that are there."""
import threading

from lib.bookings import as_user, book, move, put, row_of
from lib.check import check, equal, eventually
from lib.crowd import at_once
from lib.database import Transaction
from lib.salons import Salon, at

SALONS, BOOKINGS = "/api/salons/", "/api/bookings/"


def _waiters(w):
    return w.superuser.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


def _while_it_waits(w, change, request):
    """The answer to a request that comes while something else is changed: the change (SQL and its values)
    is under way when the request is sent, and ends when that waits for its locks."""
    transaction, answers = Transaction(w.pair.database_url), []
    told = transaction.one(*change)
    waiting = _waiters(w)
    thread = threading.Thread(target=lambda: answers.append(request()), daemon=True)
    thread.start()
    eventually(lambda: _waiters(w) > waiting, "the request waits for the locks of the change")
    transaction.commit()
    thread.join()
    return told, answers[0]


def _closings(w, salon, manager):
    """(what, SQL and values, the codes of a booking that comes after it)."""
    who, staff = manager.user["id"], salon.staff[0]
    yield "time off", ("SELECT refused FROM staff_exception_add(%s, %s, %s, 'off', %s, %s, '', 500)",
                       who, salon.id, staff, at(3, 10), at(3, 18)), {"booking.staff_off"}
    yield "staff", ("SELECT refused FROM desk_close(%s, %s, NULL, %s, NULL)", who, salon.id, staff), {"booking.staff_unknown"}
    yield "room", ("SELECT refused FROM desk_close(%s, %s, NULL, NULL, %s)", who, salon.id, salon.add_room(salon.service)), {"booking.nobody_offers"}
    yield "service", ("SELECT refused FROM desk_close(%s, %s, %s, NULL, NULL)", who, salon.id, salon.service), {"booking.service_unknown"}
    yield "salon", ("SELECT refused FROM desk_close(%s, %s, NULL, NULL, NULL)", who, salon.id), {"booking.salon_unknown"}


def a_booking_judged_before_a_closing_does_not_come_after_it(w):
    for n in range(5):
        salon = Salon(w)
        manager, customer = salon.hand_over(), w.booker()
        what, change, codes = list(_closings(w, salon, manager))[n]
        refused, answer = _while_it_waits(w, change, lambda: customer.on(w.main).post(BOOKINGS, salon.booking()))
        equal(refused, None, f"closing the {what}")
        check(answer.status == 400 and answer.json["code"] in codes, f"{what}: {answer.status} {answer.text}")
        equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 0, f"bookings after closing the {what}")


def a_booking_of_anybody_goes_to_who_is_left(w):
    salon = Salon(w, staff=2)
    manager, customer = salon.hand_over(), w.booker()
    change = ("SELECT refused FROM desk_close(%s, %s, NULL, %s, NULL)", manager.user["id"], salon.id, salon.staff[0])
    refused, answer = _while_it_waits(w, change, lambda: customer.on(w.main).post(BOOKINGS, salon.booking(staff=None)))
    equal((refused, answer.expect(201).json["staff"]), (None, salon.staff[1]), "the closing, and who does it")


def a_reschedule_judged_before_a_closing_does_not_come_after_it(w):
    for change, code in (("SELECT refused FROM desk_close(%s, %s, NULL, %s, NULL)", "booking.staff_unknown"),
                         ("SELECT refused FROM staff_exception_add(%s, %s, %s, 'off', now(), now() + interval '9 days', '', 500)",
                          "booking.staff_off")):
        salon = Salon(w, staff=2)
        manager, customer = salon.hand_over(), w.booker()
        booking = customer.post(BOOKINGS, salon.booking()).expect(201).json
        refused, answer = _while_it_waits(
            w, (change, manager.user["id"], salon.id, salon.staff[1]),
            lambda c=customer, b=booking, s=salon: c.on(w.main).post(f"{BOOKINGS}{b['id']}/reschedule/", {"starts_at": at(3, 15), "staff": s.staff[1]}))
        equal(refused, None, "closing")
        answer.expect(400, code)
        equal(w.db.one("SELECT staff_id FROM bookings_booking WHERE id = %s", booking["id"]), salon.staff[0], "whose it is")


def a_hold_being_confirmed_is_not_closed_away(w):
    """It runs out while its confirmation is under way: whoever closes finds it still there."""
    salon = Salon(w)
    manager, customer = salon.hand_over(), w.booker()
    booking = customer.post(BOOKINGS, salon.booking(hold=True)).expect(201).json
    w.db.rows("UPDATE bookings_booking SET hold_expires_at = now() + interval '1 second' WHERE id = %s", booking["id"])

    def close():  # not before it is over; the sweeper leaves alone what is being confirmed
        eventually(lambda: w.db.one("SELECT hold_expires_at <= now() FROM bookings_booking WHERE id = %s", booking["id"]), "it is over")
        return manager.on(w.main).delete(f"{SALONS}{salon.id}/")
    confirm = "UPDATE bookings_booking SET status = 'confirmed', hold_expires_at = NULL, version = version + 1 WHERE id = %s RETURNING status"
    status, answer = _while_it_waits(w, (confirm, booking["id"]), close)
    equal(status, "confirmed", "status")
    answer.expect(409, "catalogue.has_bookings")
    equal(customer.get(f"{BOOKINGS}{booking['id']}/").expect(200).json["status"], "confirmed", "status")


def nobody_is_booked_after_the_closing_was_answered(w):
    """A manager removes a member while 24 customers book her; whoever comes first decides which."""
    for _ in range(4):
        salon = Salon(w)
        manager, crowd = salon.hand_over(), w.crowd(24)

        def act(n, salon=salon, manager=manager, crowd=crowd):
            if n == 12:
                return manager.on(w.main).delete(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/")
            return crowd[n % 24].on(w.main).post(BOOKINGS, salon.booking(at(3, n % 12)))
        answers = at_once(range(25), act)
        closed, made = answers[12].status == 204, sum(answer.status == 201 for answer in answers)
        stored = w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id)
        equal(made, stored, "bookings answered and stored")
        check(answers[12].status in (204, 409), f"the closing was answered {answers[12].status}")
        check((stored == 0) == closed, f"{stored} bookings, closed: {closed}")


# ---- what is there already ----

def windows_and_hours_may_shrink_around_bookings_that_stay(w):
    salon = Salon(w)
    manager, customer = salon.hand_over(), w.booker()
    booking = customer.post(BOOKINGS, salon.booking(at(3, 12))).expect(201).json
    manager.patch(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/", {"windows": []}).expect(200)
    manager.patch(f"{SALONS}{salon.id}/", {"opening_hours": []}).expect(200)
    equal(salon.slots(w.client()).expect(200).json["slots"], [], "slots")
    equal(customer.get(f"{BOOKINGS}{booking['id']}/").expect(200).json["status"], "confirmed", "status")
    customer.post(BOOKINGS, salon.booking(at(3, 15))).expect(400, "booking.outside_hours")
    customer.post(f"{BOOKINGS}{booking['id']}/cancel/").expect(200)


def a_refused_change_of_windows_leaves_the_old_ones(w):
    salon = Salon(w)
    manager, path = salon.hand_over(), f"{SALONS}{salon.id}/staff/{salon.staff[0]}/"
    before = manager.get(path).expect(200).json
    window = {"weekday": 0, "starts": "10:00", "ends": "11:00"}
    manager.patch(path, {"services": [10**9], "windows": [window]}).expect(400, "booking.service_unknown")
    manager.patch(path, {"services": [], "windows": [window, window]}).expect(400, "request.invalid")
    equal(manager.get(path).expect(200).json, before, "the member")


def bookings_keep_the_price_and_length_they_were_made_with(w):
    salon = Salon(w, duration=30, price=10000)
    manager, customer = salon.hand_over(), w.booker()
    booking = customer.post(BOOKINGS, salon.booking()).expect(201).json
    manager.patch(f"{SALONS}{salon.id}/services/{salon.service}/", {"price_amount": 1, "duration_minutes": 60}).expect(200)
    seen = customer.get(f"{BOOKINGS}{booking['id']}/").expect(200).json
    equal((seen["price_amount"], seen["ends_at"]), (10000, booking["ends_at"]), "price and end")


def held_time_counts_while_it_is_held(w):
    salon = Salon(w)
    manager, customer = salon.hand_over(), w.booker()
    booking = customer.post(BOOKINGS, salon.booking(hold=True)).expect(201).json
    path = f"{SALONS}{salon.id}/staff/{salon.staff[0]}/"
    equal(manager.delete(path).expect(409, "catalogue.has_bookings").json["active_bookings"], 1, "active bookings")
    w.db.rows("UPDATE bookings_booking SET hold_expires_at = now() - interval '1 second' WHERE id = %s", booking["id"])
    manager.delete(path).expect(204)


def a_room_with_bookings_ahead_stays_and_one_without_goes(w):
    salon = Salon(w)
    manager, customer, room = salon.hand_over(), w.booker(), salon.add_room(salon.service)
    booking = customer.post(BOOKINGS, salon.booking()).expect(201).json
    equal(booking["room"], room, "room")
    path = f"{SALONS}{salon.id}/rooms/{room}/"
    equal(manager.delete(path).expect(409, "catalogue.has_bookings").json["active_bookings"], 1, "active bookings")
    customer.post(f"{BOOKINGS}{booking['id']}/cancel/").expect(200)
    manager.delete(path).expect(204)
    equal(customer.get(f"{BOOKINGS}{booking['id']}/").expect(200).json["room"], room, "room of the past booking")
    customer.post(BOOKINGS, salon.booking()).expect(400, "booking.nobody_offers")


# ---- who has no post there any more ----

MOVES = ("complete", "no-show", "cancel", "reschedule", "confirm")


def _begun(w, customer, salon, index):
    """A confirmed booking that is over, so that it keeps nobody from closing anything."""
    booking = book(customer, salon.booking(staff=index))["id"]
    put(w, booking, "confirmed", "-2 hours")
    return booking


def _listed(client, salon):
    return {when: [b["id"] for b in client.get(f"{BOOKINGS}?salon={salon.id}{when}").expect(200).json["results"]]
            for when in ("", "&when=past", "&when=upcoming")}


def _has_nothing_to_do_with(w, client, salon, booking, who):
    before = row_of(w, booking)
    client.get(f"{BOOKINGS}{booking}/").expect(404)
    for verb in MOVES:
        move(client, booking, verb, {"starts_at": at(4, 12)} if verb == "reschedule" else {}).expect(404, "request.not_found")
    equal(row_of(w, booking), before, f"what {who} left of the booking")
    equal(_listed(client, salon), {"": [], "&when=past": [], "&when=upcoming": []}, f"what {who} sees in lists")
    client.get(f"{SALONS}{salon.id}/calendar/?from={at(0, 0)[:10]}").expect(404)


def who_was_let_go_has_nothing_to_do_with_the_bookings_she_had(w):
    salon = Salon(w, staff=2, no_show_fee_amount=3000)
    manager, customer = salon.hand_over(), w.booker()
    staff, booking = as_user(w, salon.staff_users[0]), _begun(w, customer, salon, 0)
    staff.get(f"{BOOKINGS}{booking}/").expect(200)
    equal(_listed(staff, salon)["&when=past"], [booking], "what she sees as long as she works there")
    manager.delete(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/").expect(204)
    _has_nothing_to_do_with(w, staff, salon, booking, "who was let go")
    customer.get(f"{BOOKINGS}{booking}/").expect(200)
    equal(_listed(manager, salon)["&when=past"], [booking], "what the manager sees")
    move(manager, booking, "no-show").expect(200)


def who_is_taken_on_again_finds_her_bookings_again(w):
    salon = Salon(w)
    manager, customer = salon.hand_over(), w.booker()
    staff, booking = as_user(w, salon.staff_users[0]), _begun(w, customer, salon, 0)
    manager.delete(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/").expect(204)
    phone = w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", salon.staff_users[0])
    manager.post(f"{SALONS}{salon.id}/staff/", {"phone_number": phone}).expect(201)
    equal(_listed(staff, salon)["&when=past"], [booking], "what she sees")
    move(staff, booking, "complete").expect(200)


def a_closed_salon_leaves_its_last_bookings_to_its_owner(w):
    salon = Salon(w)
    manager, customer = salon.hand_over(), w.booker()
    staff, booking = as_user(w, salon.staff_users[0]), _begun(w, customer, salon, 0)
    manager.delete(f"{SALONS}{salon.id}/").expect(204)
    _has_nothing_to_do_with(w, staff, salon, booking, "staff of a closed salon")
    manager.get(f"{BOOKINGS}{booking}/").expect(200)
    equal(_listed(manager, salon)["&when=past"], [booking], "what its owner sees")
    move(manager, booking, "complete").expect(200)


def who_handed_the_salon_over_has_nothing_to_do_with_its_bookings(w):
    salon = Salon(w)
    former, customer = salon.hand_over(), w.booker()
    booking = _begun(w, customer, salon, 0)
    equal(_listed(former, salon)["&when=past"], [booking], "what she sees as long as it is hers")
    next_one = salon.hand_over()
    _has_nothing_to_do_with(w, former, salon, booking, "who handed it over")
    former.get(f"{SALONS}{salon.id}/reports/summary/?from={at(0, 0)[:10]}&to={at(0, 0)[:10]}").expect(404)
    move(next_one, booking, "complete").expect(200)
