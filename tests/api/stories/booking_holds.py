"""Holds: a time kept for a while, until it is confirmed or the while is over."""
import datetime

from lib.bookings import PATH, book, history_of, move, row_of, run_out
from lib.check import check, equal, eventually, within
from lib.crowd import at_once
from lib.salons import Salon, at, instant


def a_hold_keeps_a_time_for_ten_minutes(w):
    client, salon = w.sign_in(), Salon(w)
    held = book(client, salon.booking(hold=True))
    equal(held["status"], "held", "status")
    left = (instant(held["hold_expires_at"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    within(left, 590, 601, "seconds left")
    book(w.booker(), salon.booking(), 409, "booking.slot_taken")
    done = move(client, held["id"], "confirm").expect(200).json
    equal((done["status"], done["version"], done["hold_expires_at"]), ("confirmed", 2, None), "status, version, hold_expires_at")


def a_hold_is_pending_where_the_salon_approves(w):
    for columns in ({"auto_confirm": False}, {"deposit_amount": 500}):
        client = w.sign_in()
        held = book(client, Salon(w, **columns).booking(hold=True))
        equal(move(client, held["id"], "confirm").expect(200).json["status"], "pending", f"status with {columns}")


def the_policy_of_the_day_of_booking_decides_about_a_hold(w):
    client, salon = w.sign_in(), Salon(w, auto_confirm=False)
    held = book(client, salon.booking(hold=True))
    salon.change(auto_confirm=True)
    equal(move(client, held["id"], "confirm").expect(200).json["status"], "pending", "status")


def at_most_two_holds_at_a_time(w):
    client, salon = w.sign_in(), Salon(w, staff=4)
    held = [book(client, salon.booking(at(3, 9 + n), hold=True))["id"] for n in range(2)]
    for language, text in (("en", "You hold as many times as one customer may. Confirm or cancel one first."),
                           ("ar", "لديك الحد الأقصى من الحجوزات المؤقتة. أكّد أحدها أو ألغه أولًا.")):
        answer = client.as_language(language).post(PATH, salon.booking(at(3, 14), hold=True)).expect(409, "booking.too_many_holds")
        equal(answer.json["detail"], text, "detail")
    book(client, salon.booking(at(3, 14)))
    move(client, held[0], "confirm").expect(200)
    book(client, salon.booking(at(3, 15), hold=True))


def at_most_two_holds_when_all_come_at_once(w):
    client, salon = w.sign_in(), Salon(w, staff=20)
    twins = [client.as_language("en") for _ in range(20)]
    answers = at_once(range(20), lambda n: twins[n].post(PATH, salon.booking(staff=n, hold=True)))
    equal(sorted(a.status for a in answers), [201] * 2 + [409] * 18, "statuses")


def a_hold_that_ran_out_is_in_nobodys_way(w):
    client, salon = w.sign_in(), Salon(w)
    held = book(client, salon.booking(hold=True))["id"]
    run_out(w, held)
    made = book(w.booker(), salon.booking())
    row = row_of(w, held)
    equal(row["status"], "expired", "what is written about the hold")
    check(made["id"] != held, "another booking")
    last = history_of(w, held)[-1]
    equal((last["actor_id"], last["actor_role"], last["from_status"], last["to_status"], last["owed_amount"]),
          (None, "system", "held", "expired", 0), "history")
    move(client, held, "confirm").expect(409, "booking.invalid_transition")


def a_hold_that_ran_out_is_shown_as_expired_and_cannot_be_confirmed(w):
    client, salon = w.sign_in(), Salon(w)
    held = book(client, salon.booking(hold=True))["id"]
    run_out(w, held)
    move(client, held, "confirm").expect(409, "booking.invalid_transition")
    equal(client.get(f"{PATH}{held}/").expect(200).json["status"], "expired", "status")
    equal([b["id"] for b in client.get(PATH + "?status=expired").expect(200).json["results"]], [held], "expired ones")
    equal(client.get(PATH + "?status=held").expect(200).json["results"], [], "held ones")


def holds_expire_by_themselves(w):
    client = w.sign_in()
    held = book(client, Salon(w).booking(hold=True))["id"]
    run_out(w, held)
    eventually(lambda: row_of(w, held)["status"] == "expired", "the hold is swept")


def a_hold_that_ran_out_no_longer_counts_for_the_limit(w):
    client, salon = w.sign_in(), Salon(w)
    for hour in (9, 10):
        run_out(w, book(client, salon.booking(at(3, hour), hold=True))["id"])
    book(client, salon.booking(at(3, 11), hold=True))


def confirming_and_taking_over_at_once_never_both_win(w):
    for _ in range(8):
        client, salon = w.sign_in(), Salon(w)
        held = book(client, salon.booking(hold=True))["id"]
        w.db.rows("UPDATE bookings_booking SET hold_expires_at = clock_timestamp() + interval '20 milliseconds' WHERE id = %s", held)
        rivals = [rival.as_language("en") for rival in w.crowd(4)]
        answers = at_once(range(5), lambda n: move(client.as_language("en"), held, "confirm") if n == 0 else rivals[n - 1].post(PATH, salon.booking()))
        won = (answers[0].status == 200) + sum(a.status == 201 for a in answers[1:])
        check(won <= 1, f"{won} winners: {[a.status for a in answers]}")
        active = w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s AND (status IN ('pending', 'confirmed'))", salon.id)
        equal(active, won, "active bookings")


def how_long_a_hold_lasts_is_a_setting(w):
    with w.own_server(BOOKING_HOLD_SECONDS=1) as server:
        client, salon = w.sign_in().on(server), Salon(w)
        held = book(client, salon.booking(hold=True))
        equal(instant(held["hold_expires_at"]) - instant(held["created_at"]), datetime.timedelta(seconds=1), "how long")
        eventually(lambda: client.get(f"{PATH}{held['id']}/").expect(200).json["status"] == "expired", "it is over")
        move(client, held["id"], "confirm").expect(409, "booking.invalid_transition")
        move(client, held["id"], "reschedule", {"starts_at": at(4, 12)}).expect(409, "booking.invalid_transition")
        move(client, held["id"], "cancel").expect(409, "booking.invalid_transition")
        book(w.somebody("refused").on(server), salon.booking())
    eventually(lambda: row_of(w, held["id"])["status"] == "expired", "it is written down")
    equal([(line["from_status"], line["to_status"]) for line in history_of(w, held["id"])], [(None, "held"), ("held", "expired")], "history")


def a_longer_service_finds_room_where_two_shorter_holds_ran_out(w):
    salon, client = Salon(w), w.sign_in()
    longer = salon.add_service(duration=60)
    salon.offer(salon.staff[0], longer)
    held = [book(client, salon.booking(at(3, 12, minute), hold=True))["id"] for minute in (0, 30)]
    for booking in held:
        run_out(w, booking)
    book(w.booker(), {**salon.booking(at(3, 12)), "service": longer})
    equal({row_of(w, booking)["status"] for booking in held}, {"expired"}, "the holds")
