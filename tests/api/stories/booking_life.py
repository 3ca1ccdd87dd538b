"""What becomes of a booking: holds, visits, rooms, moves; who may, from which state, and who is told what."""
import datetime

from lib.check import check, equal, eventually, within
from lib.crowd import at_once
from lib.salons import Salon, at, instant

PATH = "/api/bookings/"
STATES = ("held", "pending", "confirmed", "completed", "cancelled", "no_show", "expired")


def _book(client, body, status=201, code=None):
    return client.post(PATH, body).expect(status, code).json


def _move(client, booking, move, body=None):
    return client.post(f"{PATH}{booking}/{move}/", body if body is not None else {})


def _row(w, booking):
    return w.db.row("SELECT * FROM bookings_booking WHERE id = %s", booking)


def _put(w, booking, state, starts="3 days"):
    """Puts a booking into a state, at a time from now, behind the server's back."""
    w.db.rows("UPDATE bookings_booking SET status = %s, version = 1, fee_amount = 0, "
              "hold_expires_at = CASE WHEN %s = 'held' THEN now() + interval '10 minutes' END, "
              "starts_at = date_trunc('hour', now() + %s::interval), ends_at = date_trunc('hour', now() + %s::interval) + interval '30 minutes', "
              "claimed = tstzrange(date_trunc('hour', now() + %s::interval), date_trunc('hour', now() + %s::interval) + interval '30 minutes') "
              "WHERE id = %s", state, state, starts, starts, starts, starts, booking)
    w.db.rows("ALTER TABLE bookings_history DISABLE TRIGGER bookings_history_append_only")
    w.db.rows("DELETE FROM bookings_history WHERE booking_id = %s AND version > 1", booking)
    w.db.rows("ALTER TABLE bookings_history ENABLE TRIGGER bookings_history_append_only")


def _as_user(w, user_id):
    code, out, err = w.command("token", "mint", w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", user_id))
    equal(code, 0, f"exit code of token mint ({err})")
    client = w.client(token=out.split()[-1])
    client.user = {"id": user_id}
    return client


def _run_out(w, booking):
    w.db.rows("UPDATE bookings_booking SET hold_expires_at = now() - interval '1 second' WHERE id = %s", booking)


# ---- holds ----

def a_hold_keeps_a_time_for_ten_minutes(w):
    client, salon = w.sign_in(), Salon(w)
    held = _book(client, salon.booking(hold=True))
    equal(held["status"], "held", "status")
    left = (instant(held["hold_expires_at"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    within(left, 590, 601, "seconds left")
    _book(w.booker(), salon.booking(), 409, "booking.slot_taken")
    done = _move(client, held["id"], "confirm").expect(200).json
    equal((done["status"], done["version"], done["hold_expires_at"]), ("confirmed", 2, None), "status, version, hold_expires_at")


def a_hold_is_pending_where_the_salon_approves(w):
    for columns in ({"auto_confirm": False}, {"deposit_amount": 500}):
        client = w.sign_in()
        held = _book(client, Salon(w, **columns).booking(hold=True))
        equal(_move(client, held["id"], "confirm").expect(200).json["status"], "pending", f"status with {columns}")


def the_policy_of_the_day_of_booking_decides_about_a_hold(w):
    client, salon = w.sign_in(), Salon(w, auto_confirm=False)
    held = _book(client, salon.booking(hold=True))
    salon.change(auto_confirm=True)
    equal(_move(client, held["id"], "confirm").expect(200).json["status"], "pending", "status")


def at_most_two_holds_at_a_time(w):
    client, salon = w.sign_in(), Salon(w, staff=4)
    held = [_book(client, salon.booking(at(3, 9 + n), hold=True))["id"] for n in range(2)]
    for language, text in (("en", "You hold as many times as one customer may. Confirm or cancel one first."),
                           ("ar", "لديك الحد الأقصى من الحجوزات المؤقتة. أكّد أحدها أو ألغه أولًا.")):
        answer = client.as_language(language).post(PATH, salon.booking(at(3, 14), hold=True)).expect(409, "booking.too_many_holds")
        equal(answer.json["detail"], text, "detail")
    _book(client, salon.booking(at(3, 14)))
    _move(client, held[0], "confirm").expect(200)
    _book(client, salon.booking(at(3, 15), hold=True))


def at_most_two_holds_when_all_come_at_once(w):
    client, salon = w.sign_in(), Salon(w, staff=20)
    twins = [client.as_language("en") for _ in range(20)]
    answers = at_once(range(20), lambda n: twins[n].post(PATH, salon.booking(staff=n, hold=True)))
    equal(sorted(a.status for a in answers), [201] * 2 + [409] * 18, "statuses")


def a_hold_that_ran_out_is_in_nobodys_way(w):
    client, salon = w.sign_in(), Salon(w)
    held = _book(client, salon.booking(hold=True))["id"]
    _run_out(w, held)
    made = _book(w.booker(), salon.booking())
    row = _row(w, held)
    equal(row["status"], "expired", "what is written about the hold")
    check(made["id"] != held, "another booking")
    last = w.db.row("SELECT * FROM bookings_history WHERE booking_id = %s ORDER BY version DESC LIMIT 1", held)
    equal((last["actor_role"], last["from_status"], last["to_status"]), ("system", "held", "expired"), "history")
    _move(client, held, "confirm").expect(409, "booking.invalid_transition")


def a_hold_that_ran_out_is_shown_as_expired_and_cannot_be_confirmed(w):
    client, salon = w.sign_in(), Salon(w)
    held = _book(client, salon.booking(hold=True))["id"]
    _run_out(w, held)
    _move(client, held, "confirm").expect(409, "booking.invalid_transition")
    equal(client.get(f"{PATH}{held}/").expect(200).json["status"], "expired", "status")
    equal([b["id"] for b in client.get(PATH + "?status=expired").expect(200).json["results"]], [held], "expired ones")
    equal(client.get(PATH + "?status=held").expect(200).json["results"], [], "held ones")


def holds_expire_by_themselves(w):
    client = w.sign_in()
    held = _book(client, Salon(w).booking(hold=True))["id"]
    _run_out(w, held)
    eventually(lambda: _row(w, held)["status"] == "expired", "the hold is swept")


def a_hold_that_ran_out_no_longer_counts_for_the_limit(w):
    client, salon = w.sign_in(), Salon(w)
    for hour in (9, 10):
        _run_out(w, _book(client, salon.booking(at(3, hour), hold=True))["id"])
    _book(client, salon.booking(at(3, 11), hold=True))


def confirming_and_taking_over_at_once_never_both_win(w):
    for _ in range(8):
        client, salon = w.sign_in(), Salon(w)
        held = _book(client, salon.booking(hold=True))["id"]
        w.db.rows("UPDATE bookings_booking SET hold_expires_at = clock_timestamp() + interval '20 milliseconds' WHERE id = %s", held)
        rivals = [w.somebody(f"crowd {n}").as_language("en") for n in range(4)]
        answers = at_once(range(5), lambda n: _move(client.as_language("en"), held, "confirm") if n == 0 else rivals[n - 1].post(PATH, salon.booking()))
        won = (answers[0].status == 200) + sum(a.status == 201 for a in answers[1:])
        check(won <= 1, f"{won} winners: {[a.status for a in answers]}")
        active = w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s AND (status IN ('pending', 'confirmed'))", salon.id)
        equal(active, won, "active bookings")


# ---- visits ----

def _visit(salon, *wishes, **more):
    return {"salon": salon.id, "items": [{"service": salon.service, "staff": None if staff is None else salon.staff[staff],
                                          "starts_at": start} for staff, start in wishes], **more}


def several_services_are_booked_together(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    made = _book(client, _visit(salon, (1, at(3, 14)), (0, at(3, 12)), (None, at(3, 13))))
    equal([b["starts_at"] for b in made["items"]], [at(3, 14), at(3, 12), at(3, 13)], "starts, as wished")
    equal({b["visit"] for b in made["items"]}, {made["visit"]}, "visit")
    equal({b["status"] for b in made["items"]}, {"confirmed"}, "status")
    equal(client.get(f"{PATH}{made['items'][1]['id']}/").expect(200).json, made["items"][1], "one of them")


def all_of_a_visit_or_nothing(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    _book(w.booker(), salon.booking(at(3, 13), 1))
    refused = client.as_language("en").post(PATH, _visit(salon, (0, at(3, 12)), (1, at(3, 13)), (0, at(3, 14)))).expect(409, "booking.slot_taken").json
    equal((refused["item"], refused["detail"]), (1, "This time has just been taken."), "item and detail")
    check(refused["alternatives"], "no alternatives")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE customer_id = %s", client.user["id"]), 0, "bookings")
    _book(client, _visit(salon, (0, at(3, 12)), (1, at(3, 14))))


def a_refused_item_is_named_with_its_one_cause(w):
    client, salon = w.sign_in(), Salon(w)
    refused = client.as_language("en").post(PATH, _visit(salon, (0, at(3, 12)), (0, at(-1, 12)))).expect(400, "booking.past").json
    equal((refused["item"], refused["detail"]), (1, "This time has passed."), "item and detail")


def items_of_one_visit_may_not_overlap_at_one_member(w):
    salon = Salon(w, staff=2, duration=60)
    refused = w.sign_in().post(PATH, _visit(salon, (0, at(3, 12)), (0, at(3, 12, 30)))).expect(409, "booking.slot_taken").json
    equal(refused["item"], 1, "item")
    _book(w.sign_in(), _visit(salon, (None, at(3, 12)), (None, at(3, 12, 30))))


def one_to_five_services(w):
    client, salon = w.sign_in(), Salon(w)
    for n in (0, 6):
        answer = client.as_language("en").post(PATH, _visit(salon, *((0, at(3, 8 + k)) for k in range(n)))).expect(400, "booking.visit_size")
        equal(answer.json["items"], ["A visit has one to five services."], "items")
    made = _book(client, _visit(salon, *((0, at(3, 8 + k)) for k in range(5))))
    equal(len(made["items"]), 5, "services")


def a_visit_of_one_is_a_booking(w):
    made = _book(w.sign_in(), _visit(salon := Salon(w), (0, at(3, 12))))
    equal((made["salon"], made["visit"]), (salon.id, None), "salon, visit")


def fields_of_items_are_named_in_their_place(w):
    salon = Salon(w)
    body = _visit(salon, (0, at(3, 12)), (0, at(3, 13)))
    body["items"][1]["starts_at"] = "noon"
    answer = w.sign_in().post(PATH, body).expect(400, "request.invalid")
    equal(answer.json["items"][0], {}, "of the first")
    check("starts_at" in answer.json["items"][1], f"{answer.json}")


def a_held_visit_is_one_hold_and_confirmed_as_one(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    held = _book(client, _visit(salon, (0, at(3, 12)), (1, at(3, 13)), hold=True))
    _book(client, salon.booking(at(3, 15), hold=True))
    _book(client, salon.booking(at(3, 16), hold=True), 409, "booking.too_many_holds")
    _move(client, held["items"][1]["id"], "confirm").expect(200)
    states = {_row(w, b["id"])["status"] for b in held["items"]}
    equal(states, {"confirmed"}, "states")
    lines = w.db.one("SELECT count(*) FROM bookings_history WHERE booking_id = ANY(%s)", [b["id"] for b in held["items"]])
    equal(lines, 4, "history lines")


def a_visit_counts_each_of_its_bookings_for_the_limit(w):
    salon, client = Salon(w, staff=20), w.sign_in()
    for n in range(2):
        _book(client, _visit(salon, *((5 * n + k, at(3, 12)) for k in range(4))))
    _book(client, _visit(salon, (15, at(3, 12)), (16, at(3, 12)), (17, at(3, 12))), 409, "booking.too_many_open")
    _book(client, _visit(salon, (15, at(3, 12)), (16, at(3, 12))))


def visits_that_cross_never_both_get_half(w):
    salon, crowd = Salon(w, staff=2), w.crowd(16)
    answers = at_once(range(16), lambda n: crowd[n].as_language("en").post(PATH, _visit(salon, *(((0, at(3, 12)), (1, at(3, 12))) if n % 2
                                                                                             else ((1, at(3, 12)), (0, at(3, 12)))))))
    equal(sorted(a.status for a in answers), [201] + [409] * 15, "statuses")
    equal(w.db.one("SELECT count(DISTINCT customer_id) FROM bookings_booking WHERE salon_id = %s", salon.id), 1, "customers")


# ---- rooms ----

def _rooms(w, salon, count):
    rooms = [w.db.one("INSERT INTO catalogue_room (salon_id, name_ar, name_en) VALUES (%s, 'غرفة', 'Room') RETURNING id", salon.id)
             for _ in range(count)]
    for room in rooms:
        w.db.rows("INSERT INTO catalogue_service_room (service_id, room_id) VALUES (%s, %s)", salon.service, room)
    return rooms


def a_room_is_for_one_at_a_time(w):
    salon = Salon(w, staff=3)
    rooms = _rooms(w, salon, 2)
    got = [_book(w.booker(), salon.booking(staff=n))["room"] for n in range(2)]
    equal(got, rooms, "rooms")
    _book(w.booker(), salon.booking(staff=2), 409, "booking.slot_taken")
    _book(w.booker(), salon.booking(at(3, 13), staff=2))


def rooms_never_double_when_all_come_at_once(w):
    salon, crowd = Salon(w, staff=24), w.crowd(24)
    _rooms(w, salon, 3)
    answers = at_once(range(24), lambda n: crowd[n].as_language("en").post(PATH, salon.booking(staff=n)))
    equal(sorted(a.status for a in answers), [201] * 3 + [409] * 21, "statuses")
    equal(w.db.one("SELECT count(DISTINCT room_id) FROM bookings_booking WHERE salon_id = %s", salon.id), 3, "rooms")


def a_service_whose_rooms_are_all_closed_is_offered_by_nobody(w):
    salon = Salon(w)
    _rooms(w, salon, 1)
    w.db.rows("UPDATE catalogue_room SET active = false WHERE salon_id = %s", salon.id)
    _book(w.booker(), salon.booking(), 400, "booking.nobody_offers")
    w.db.rows("DELETE FROM catalogue_service_room WHERE service_id = %s", salon.service)
    equal(_book(w.booker(), salon.booking())["room"], None, "room")


# ---- moves: every state, every relation ----

# (move, who) -> {state: status code, or error code}; states that are not there: booking.invalid_transition
MOVES = {
    ("confirm", "customer"): {"held": 200, "pending": "auth.forbidden"},
    ("confirm", "staff"): {"pending": 200, "held": "auth.forbidden"},
    ("confirm", "manager"): {"pending": 200, "held": "auth.forbidden"},
    ("confirm", "admin"): {"pending": 200, "held": "auth.forbidden"},
    ("cancel", "customer"): {"held": 200, "pending": 200, "confirmed": 200},
    ("cancel", "staff"): {"held": 200, "pending": 200, "confirmed": 200},
    ("cancel", "manager"): {"held": 200, "pending": 200, "confirmed": 200},
    ("cancel", "admin"): {"held": 200, "pending": 200, "confirmed": 200},
    ("complete", "customer"): dict.fromkeys(STATES, "auth.forbidden"),
    ("complete", "staff"): {"confirmed": 200},
    ("complete", "manager"): {"confirmed": 200},
    ("complete", "admin"): {"confirmed": 200},
    ("no-show", "customer"): dict.fromkeys(STATES, "auth.forbidden"),
    ("no-show", "staff"): {"confirmed": 200},
    ("no-show", "manager"): {"confirmed": 200},
    ("no-show", "admin"): {"confirmed": 200},
    ("reschedule", "customer"): {"held": 200, "pending": 200, "confirmed": 200},
    ("reschedule", "staff"): {"held": 200, "pending": 200, "confirmed": 200},
    ("reschedule", "manager"): {"held": 200, "pending": 200, "confirmed": 200},
    ("reschedule", "admin"): {"held": 200, "pending": 200, "confirmed": 200},
}
AFTER = {"confirm": "confirmed", "cancel": "cancelled", "complete": "completed", "no-show": "no_show"}


def every_move_from_every_state_by_everybody(w):
    customer, salon = w.sign_in(), Salon(w)
    people = {"customer": customer, "staff": _as_user(w, salon.staff_users[0]), "manager": _as_user(w, salon.owner),
              "admin": w.with_role("admin")}
    booking = _book(customer, salon.booking())["id"]
    for (move, who), allowed in MOVES.items():
        for state in STATES:
            _put(w, booking, state, "-1 hour" if move in ("complete", "no-show") else "3 days")
            answer = _move(people[who].as_language("en"), booking, move, {"starts_at": at(5, 12)} if move == "reschedule" else {})
            expected = allowed.get(state, "booking.invalid_transition")
            seen = answer.status if answer.status == 200 else answer.json.get("code")
            equal(seen, expected, f"{move} by {who} of a booking that is {state}")
            row = _row(w, booking)
            wanted = state if expected != 200 or move == "reschedule" else AFTER[move]
            equal((row["status"], row["version"]), (wanted, 2 if expected == 200 else 1), f"after {move} by {who} from {state}")
            lines = w.db.one("SELECT count(*) FROM bookings_history WHERE booking_id = %s AND version = 2", booking)
            equal(lines, int(expected == 200), f"history after {move} by {who} from {state}")


def to_others_a_booking_is_not_there(w):
    booking = _book(w.booker(), Salon(w).booking())["id"]
    for stranger in (w.somebody("stranger"), _as_user(w, Salon(w).owner)):
        for move in ("confirm", "cancel", "complete", "no-show"):
            _move(stranger, booking, move).expect(404, "request.not_found")
        _move(stranger, booking, "reschedule", {"starts_at": at(4, 12)}).expect(404)
    equal(_row(w, booking)["version"], 1, "version")


def the_history_says_who_moved_it_and_on_which_request(w):
    customer, salon = w.sign_in(), Salon(w, auto_confirm=False)
    staff = _as_user(w, salon.staff_users[0])
    booking = _book(customer, salon.booking())["id"]
    staff.post(f"{PATH}{booking}/confirm/", {}, headers={"X-Request-Id": "story-confirm"}).expect(200)
    line = w.db.row("SELECT * FROM bookings_history WHERE booking_id = %s AND version = 2", booking)
    equal((line["actor_id"], line["actor_role"], line["from_status"], line["to_status"], line["request_id"]),
          (salon.staff_users[0], "staff", "pending", "confirmed", "story-confirm"), "line")


def before_it_begins_nothing_is_completed_or_missed(w):
    salon = Salon(w)
    booking = _book(w.booker(), salon.booking())["id"]
    manager = _as_user(w, salon.owner)
    for move in ("complete", "no-show"):
        for language, text in (("en", "This booking has not begun yet."), ("ar", "لم يبدأ هذا الموعد بعد.")):
            equal(_move(manager.as_language(language), booking, move).expect(409, "booking.not_begun").json["detail"], text, "detail")


def a_no_show_costs_the_fee_of_the_policy(w):
    salon = Salon(w, no_show_fee_amount=3000)
    booking = _book(w.booker(), salon.booking())["id"]
    salon.change(no_show_fee_amount=1)
    _put(w, booking, "confirmed", "-1 hour")
    gone = _move(_as_user(w, salon.owner), booking, "no-show", {"reason": "waited 20 minutes"}).expect(200).json
    equal((gone["status"], gone["fee_amount"], gone["reason"]), ("no_show", 3000, "waited 20 minutes"), "status, fee, reason")


def who_saw_another_version_is_refused(w):
    client = w.booker()
    booking = _book(client, Salon(w, auto_confirm=False).booking())["id"]
    w.db.rows("UPDATE bookings_booking SET version = 4 WHERE id = %s", booking)
    for language, text in (("en", "The booking has changed since you saw it. Look again."),
                           ("ar", "تغيّر الحجز منذ اطلعت عليه. راجعه مرة أخرى.")):
        equal(_move(client.as_language(language), booking, "cancel", {"version": 3}).expect(409, "booking.moved").json["detail"], text, "detail")
    _move(client, booking, "reschedule", {"starts_at": at(4, 12), "version": 3}).expect(409, "booking.moved")
    equal(_move(client, booking, "cancel", {"version": 4}).expect(200).json["version"], 5, "version")


def of_many_moves_with_one_version_one_is_made(w):
    client, salon = w.sign_in(), Salon(w)
    booking = _book(client, salon.booking())
    def act(n):
        twin = client.as_language("en")
        return _move(twin, booking["id"], "cancel", {"version": 1}) if n % 2 else \
            _move(twin, booking["id"], "reschedule", {"starts_at": at(4, n), "version": 1})
    answers = at_once(range(12), act)
    equal(sorted(a.status for a in answers), [200] + [409] * 11, "statuses")
    equal(_row(w, booking["id"])["version"], 2, "version")


# ---- rescheduled ----

def a_booking_moves_to_another_time_and_keeps_its_id(w):
    client, salon = w.sign_in(), Salon(w, price=4200)
    booking = _book(client, salon.booking(at(3, 12)))
    w.db.rows("UPDATE catalogue_service SET price_amount = 9900, duration_minutes = 90 WHERE id = %s", salon.service)
    moved = _move(client, booking["id"], "reschedule", {"starts_at": at(4, 15)}).expect(200).json
    equal((moved["id"], moved["starts_at"], moved["ends_at"], moved["version"], moved["price_amount"]),
          (booking["id"], at(4, 15), at(4, 15, 30), 2, 4200), "id, start, end, version, price")
    _book(w.booker(), {**salon.booking(at(3, 11)), "staff": None})


def a_booking_may_move_into_its_own_time(w):
    client, salon = w.sign_in(), Salon(w, duration=60)
    booking = _book(client, salon.booking(at(3, 12)))
    equal(_move(client, booking["id"], "reschedule", {"starts_at": at(3, 12, 30)}).expect(200).json["starts_at"], at(3, 12, 30), "start")


def a_taken_time_is_refused_with_alternatives_and_nothing_moves(w):
    client, salon = w.sign_in(), Salon(w)
    booking = _book(client, salon.booking(at(3, 12)))
    _book(w.booker(), salon.booking(at(3, 15)))
    refused = _move(client, booking["id"], "reschedule", {"starts_at": at(3, 15)}).expect(409, "booking.slot_taken").json
    check(0 < len(refused["alternatives"]) <= 3, f"alternatives {refused['alternatives']}")
    equal(client.get(f"{PATH}{booking['id']}/").expect(200).json, booking, "the booking")


def another_member_or_anybody(w):
    client, salon = w.sign_in(), Salon(w, staff=3)
    booking = _book(client, salon.booking(at(3, 12), 0))["id"]
    equal(_move(client, booking, "reschedule", {"starts_at": at(3, 12), "staff": salon.staff[2]}).expect(200).json["staff"], salon.staff[2], "staff")
    for n in range(3):
        _book(w.booker(), salon.booking(at(4, 12), n)) if n != 1 else None
    equal(_move(client, booking, "reschedule", {"starts_at": at(4, 12), "staff": None}).expect(200).json["staff"], salon.staff[1], "who is free")
    _move(client, booking, "reschedule", {"starts_at": at(4, 12), "staff": Salon(w).staff[0]}).expect(400, "booking.staff_elsewhere")


def the_rules_of_booking_hold_for_the_new_time(w):
    client, salon = w.sign_in(), Salon(w, hours=((600, 1200),), notice_minutes=60, horizon_days=10)
    booking = _book(client, salon.booking(at(3, 12)))["id"]
    for start, code in ((at(-1, 12), "booking.past"), (at(3, 12, 7), "booking.off_grid"), (at(3, 21), "booking.outside_hours"),
                        (at(12, 12), "booking.too_far")):
        _move(client, booking, "reschedule", {"starts_at": start}).expect(400, code)
    _move(_as_user(w, salon.owner), booking, "reschedule", {"starts_at": at(12, 12)}).expect(200)


def where_the_salon_approves_a_customers_new_time_needs_approval_anew(w):
    client, salon = w.sign_in(), Salon(w, auto_confirm=False)
    booking = _book(client, salon.booking())["id"]
    staff = _as_user(w, salon.staff_users[0])
    _move(staff, booking, "confirm").expect(200)
    equal(_move(staff, booking, "reschedule", {"starts_at": at(4, 12)}).expect(200).json["status"], "confirmed", "after staff")
    equal(_move(client, booking, "reschedule", {"starts_at": at(4, 15)}).expect(200).json["status"], "pending", "after the customer")


def a_late_fee_is_not_escaped_by_moving(w):
    client, salon = w.sign_in(), Salon(w, cancel_cutoff_minutes=5 * 24 * 60, late_cancel_fee_amount=2500)
    booking = _book(client, salon.booking(at(3, 12)))["id"]
    for language, text in (("en", "It is too late to move this booking."), ("ar", "فات وقت تغيير هذا الموعد.")):
        answer = _move(client.as_language(language), booking, "reschedule", {"starts_at": at(9, 12)}).expect(409, "booking.too_late")
        equal(answer.json["detail"], text, "detail")
    _move(_as_user(w, salon.owner), booking, "reschedule", {"starts_at": at(9, 12)}).expect(200)


def two_who_swap_at_once_never_double(w):
    for _ in range(5):
        salon, one, two = Salon(w), w.sign_in(), w.sign_in()
        first, second = _book(one, salon.booking(at(3, 12)))["id"], _book(two, salon.booking(at(3, 13)))["id"]
        at_once(((one, first, 13), (two, second, 12)), lambda who: _move(who[0], who[1], "reschedule", {"starts_at": at(3, who[2])}))
        rows = w.db.rows("SELECT starts_at FROM bookings_booking WHERE salon_id = %s AND status = 'confirmed'", salon.id)
        equal(len({row["starts_at"] for row in rows}), 2, "different times")


def many_who_move_to_one_time_one_gets_it(w):
    salon, crowd = Salon(w), w.crowd(12)
    ids = [_book(crowd[n], salon.booking(at(3, 6 + n)))["id"] for n in range(12)]
    answers = at_once(range(12), lambda n: _move(crowd[n].as_language("en"), ids[n], "reschedule", {"starts_at": at(5, 12)}))
    equal(sorted(a.status for a in answers), [200] + [409] * 11, "statuses")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s AND status = 'confirmed'", salon.id), 12, "bookings")


def the_history_says_where_it_was_before(w):
    client, salon = w.sign_in(), Salon(w)
    booking = _book(client, salon.booking(at(3, 12)))["id"]
    _move(client, booking, "reschedule", {"starts_at": at(4, 12)}).expect(200)
    line = w.db.row("SELECT * FROM bookings_history WHERE booking_id = %s AND version = 2", booking)
    equal((line["from_status"], line["to_status"], line["from_starts_at"], line["from_staff_id"], line["owed_amount"]),
          ("confirmed", "confirmed", instant(at(3, 12)), salon.staff[0], None), "line")


def bodies_of_moves_are_checked(w):
    client = w.booker()
    booking = _book(client, Salon(w).booking())["id"]
    for move, body, field in (("cancel", {"version": 0}, "version"), ("confirm", {"version": "1"}, "version"),
                              ("reschedule", {}, "starts_at"), ("reschedule", {"starts_at": "noon"}, "starts_at"),
                              ("reschedule", {"starts_at": at(3, 12), "staff": 0}, "staff")):
        check(field in _move(client, booking, move, body).expect(400).json, f"{move} {body}")
    equal(_row(w, booking)["version"], 1, "version")
