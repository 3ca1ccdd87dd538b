"""Bookings: made, refused, looked at, cancelled; by whom, and in which words."""
import datetime

from lib.bookings import PATH, as_user, book, shift
from lib.check import absent, check, equal, within
from lib.salons import Salon, at, instant

MEMBERS = {"id", "salon", "service", "staff", "customer", "starts_at", "ends_at", "status", "price_amount", "currency",
           "version", "created_at"}
ACTIVE = ("held", "pending", "confirmed")


def _id(value):
    """Of a member that is an id, or an object with one."""
    return value["id"] if isinstance(value, dict) else value


# ---- made ----

def a_booking_says_who_what_when_and_for_how_much(w):
    client, salon = w.booker(), Salon(w, duration=45, price=12345)
    made = book(client, salon.booking(at(3, 12), notes="by the window, please"))
    check(MEMBERS <= made.keys(), f"missing: {MEMBERS - made.keys()}")
    equal([_id(made[name]) for name in ("salon", "service", "staff", "customer")],
          [salon.id, salon.service, salon.staff[0], client.user["id"]], "salon, service, staff, customer")
    equal((made["status"], made["price_amount"], made["currency"], made["version"], made["notes"]),
          ("confirmed", 12345, "SAR", 1, "by the window, please"), "status, price, currency, version, notes")
    equal(made["starts_at"], at(3, 12), "starts_at, in the salon's zone")
    equal(made["ends_at"], at(3, 12, 45), "ends_at")
    within((datetime.datetime.now(datetime.timezone.utc) - instant(made["created_at"])).total_seconds(), -5, 60, "age")


def times_are_answered_in_the_zone_of_the_salon(w):
    client, salon = w.booker(), Salon(w, timezone="Europe/Berlin")
    made = book(client, salon.booking(instant(at(3, 12)).astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")))
    check(made["starts_at"].endswith(("+01:00", "+02:00")), f"starts_at {made['starts_at']}")
    equal(instant(made["starts_at"]), instant(at(3, 12)), "starts_at")


def a_time_may_be_given_in_any_offset(w):
    salon, start = Salon(w), instant(at(3, 12))
    for hours, n in ((-5, 0), (0, 1), (9, 2)):
        wanted = (start + datetime.timedelta(hours=n)).astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
        equal(instant(book(w.booker(), salon.booking(wanted.isoformat()))["starts_at"]), wanted, "starts_at")


def without_approval_a_booking_is_confirmed_with_it_pending(w):
    for auto, status in ((True, "confirmed"), (False, "pending")):
        equal(book(w.booker(), Salon(w, auto_confirm=auto).booking())["status"], status, "status")


def the_price_is_that_of_the_day_it_was_booked(w):
    client, salon = w.booker(), Salon(w, price=5000)
    made = book(client, salon.booking())
    w.db.rows("UPDATE catalogue_service SET price_amount = 9900 WHERE id = %s", salon.service)
    equal(client.get(f"{PATH}{made['id']}/").expect(200).json["price_amount"], 5000, "price_amount")


def without_a_wish_the_least_loaded_member_is_taken_ties_by_id(w):
    client, salon = w.booker(), Salon(w, staff=3)
    chosen = [_id(book(client, salon.booking(at(3, hour), staff=None))["staff"]) for hour in (9, 11, 13, 15)]
    equal(chosen, [*salon.staff, salon.staff[0]], "staff, one after the other")


def without_a_wish_only_those_who_can_are_considered(w):
    client, salon = w.booker(), Salon(w, staff=2)
    other = salon.add_service()
    salon.offer(salon.staff[1], other)
    for hour in (9, 11):
        equal(_id(book(client, {**salon.booking(at(3, hour), staff=None), "service": other})["staff"]), salon.staff[1], "staff")


def staff_may_be_left_out_for_anybody(w):
    salon = Salon(w)
    body = salon.booking()
    del body["staff"]
    equal(_id(book(w.booker(), body)["staff"]), salon.staff[0], "staff")


def every_creation_leaves_a_line_in_the_history(w):
    client, salon = w.booker(), Salon(w)
    answer = client.post(PATH, salon.booking(), headers={"X-Request-Id": "story-history"}).expect(201)
    line = w.db.row("SELECT * FROM bookings_history WHERE booking_id = %s", answer.json["id"])
    equal((line["actor_id"], line["from_status"], line["to_status"], line["request_id"]),
          (client.user["id"], None, "confirmed", "story-history"), "line")


# ---- looked at ----

def a_booking_reads_as_it_was_answered(w):
    client = w.booker()
    made = book(client, Salon(w).booking())
    equal(client.get(f"{PATH}{made['id']}/").expect(200).json, made, "booking")


def a_booking_of_somebody_else_is_404(w):
    made = book(w.booker(), Salon(w).booking())
    stranger = w.somebody("stranger").as_language("en")
    equal(stranger.get(f"{PATH}{made['id']}/").expect(404, "request.not_found").json["detail"], "Not found.", "detail")
    stranger.post(f"{PATH}{made['id']}/cancel/", {}).expect(404)
    stranger.get(f"{PATH}{10**12}/").expect(404)
    equal(w.db.one("SELECT status FROM bookings_booking WHERE id = %s", made["id"]), "confirmed", "status")


def staff_see_theirs_managers_their_salons_admins_all(w):
    salon, other = Salon(w, staff=2), Salon(w)
    made = book(w.booker(), salon.booking())
    viewers = {"its member": (as_user(w, salon.staff_users[0]), 200), "another member": (as_user(w, salon.staff_users[1]), 404),
               "its manager": (as_user(w, salon.owner), 200), "another manager": (as_user(w, other.owner), 404),
               "an admin": (w.with_role("admin"), 200), "a stranger": (w.somebody("stranger"), 404)}
    for name, (viewer, status) in viewers.items():
        answer = viewer.get(f"{PATH}{made['id']}/")
        equal(answer.status, status, f"what {name} gets")
        listed = viewer.get(PATH + f"?salon={salon.id}&limit=100").expect(200).json["results"]
        equal([b["id"] for b in listed], [made["id"]] if status == 200 else [], f"what {name} sees in the list")


def the_list_of_a_customer_is_her_own(w):
    client, salon = w.sign_in(), Salon(w)
    book(w.booker(), salon.booking(at(3, 9)))
    mine = [book(client, salon.booking(at(3, hour)))["id"] for hour in (12, 10, 14)]
    listed = client.get(PATH + "?when=upcoming").expect(200).json
    equal([b["id"] for b in listed["results"]], [mine[1], mine[0], mine[2]], "upcoming, soonest first")
    equal(listed["next"], None, "next")


def the_list_tells_past_from_upcoming(w):
    client, salon = w.sign_in(), Salon(w)
    ahead, over = book(client, salon.booking(at(3, 12)))["id"], book(client, salon.booking(at(4, 12)))["id"]
    shift(w, over, -5)
    for when, expected in (("upcoming", [ahead]), ("past", [over])):
        equal([b["id"] for b in client.get(PATH + f"?when={when}").expect(200).json["results"]], expected, when)
    equal({b["id"] for b in client.get(PATH).expect(200).json["results"]}, {ahead, over}, "without when")


def the_list_is_filtered_by_status_and_salon(w):
    client, one, two = w.sign_in(), Salon(w), Salon(w)
    kept, gone = book(client, one.booking())["id"], book(client, two.booking())["id"]
    client.post(f"{PATH}{gone}/cancel/", {}).expect(200)
    for query, expected in (("status=confirmed", [kept]), ("status=cancelled", [gone]), (f"salon={two.id}", [gone]),
                            (f"salon={one.id}&status=cancelled", []), ("status=no_show", [])):
        equal([b["id"] for b in client.get(f"{PATH}?{query}").expect(200).json["results"]], expected, query)


def the_list_comes_in_pages_without_gaps_or_twins(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    for hour in (9, 10, 11):
        for staff in (0, 1):
            book(client, salon.booking(at(3, hour), staff))
    for when in ("upcoming", ""):
        everything = [b["id"] for b in client.get(f"{PATH}?when={when}" if when else PATH).expect(200).json["results"]]
        equal(len(everything), 6, "bookings")
        paged, cursor = [], ""
        while cursor is not None:
            page = client.get(f"{PATH}?limit=2" + (f"&when={when}" if when else "") + (f"&cursor={cursor}" if cursor else ""))
            paged += [b["id"] for b in page.expect(200).json["results"]]
            check(len(page.json["results"]) <= 2, "a page of more than two")
            cursor = page.json["next"]
        equal(paged, everything, f"pages of when={when}")


def bad_filters_are_refused_by_name(w):
    client = w.booker()
    for query, name in (("when=soon", "when"), ("status=lost", "status"), ("salon=x", "salon"), ("salon=-1", "salon"),
                        ("limit=0", "limit"), ("limit=101", "limit"), ("cursor=AAAA", "cursor"), ("cursor=%20", "cursor")):
        answer = client.get(f"{PATH}?{query}").expect(400)
        check(name in answer.json, f"{query}: {answer.json}")


def without_a_token_bookings_are_401(w):
    made = book(w.booker(), Salon(w).booking())
    for answer in (w.client().get(PATH), w.client().post(PATH, {}), w.client().get(f"{PATH}{made['id']}/"),
                   w.client().post(f"{PATH}{made['id']}/cancel/", {})):
        check(answer.expect(401, "auth.required").header("WWW-Authenticate"), "no WWW-Authenticate")


# ---- cancelled ----

def a_customer_cancels_and_the_time_is_free_again(w):
    client, salon = w.booker(), Salon(w)
    made = book(client, salon.booking())
    gone = client.post(f"{PATH}{made['id']}/cancel/", {"reason": "ill"}).expect(200).json
    equal((gone["id"], gone["status"], gone["version"]), (made["id"], "cancelled", 2), "id, status, version")
    row = w.db.row("SELECT * FROM bookings_booking WHERE id = %s", made["id"])
    equal((row["cancelled_by"], row["reason"]), ("customer", "ill"), "cancelled_by and reason")
    book(w.somebody("refused"), salon.booking())


def a_reason_is_not_needed(w):
    client = w.booker()
    made = book(client, Salon(w).booking())
    client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
    made = book(client, Salon(w).booking())
    client.request("POST", f"{PATH}{made['id']}/cancel/").expect(200)


def cancelling_twice_is_refused(w):
    client = w.booker()
    made = book(client, Salon(w).booking())
    client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
    for language, text in (("en", "The booking is in a state that does not allow this."), ("ar", "حالة الحجز لا تسمح بهذا الإجراء.")):
        answer = client.as_language(language).post(f"{PATH}{made['id']}/cancel/", {}).expect(409, "booking.invalid_transition")
        equal(answer.json["detail"], text, "detail")


def a_booking_that_has_begun_is_not_cancelled_by_the_customer(w):
    client, salon = w.booker(), Salon(w)
    made = book(client, salon.booking())
    shift(w, made["id"], -4)
    for language, text in (("en", "This booking has begun and can no longer be changed."), ("ar", "بدأ هذا الموعد ولا يمكن تغييره.")):
        answer = client.as_language(language).post(f"{PATH}{made['id']}/cancel/", {}).expect(409, "booking.already_begun")
        equal(answer.json["detail"], text, "detail")
    as_user(w, salon.owner).post(f"{PATH}{made['id']}/cancel/", {}).expect(200)


def the_people_of_the_salon_cancel_and_it_is_noted_who(w):
    salon = Salon(w)
    for hour, (viewer, by) in enumerate(((as_user(w, salon.staff_users[0]), "staff"), (as_user(w, salon.owner), "manager"),
                                         (w.with_role("admin"), "admin"))):
        made = book(w.booker(), salon.booking(at(3, 9 + hour)))
        viewer.post(f"{PATH}{made['id']}/cancel/", {"reason": "closed"}).expect(200)
        equal(w.db.one("SELECT cancelled_by FROM bookings_booking WHERE id = %s", made["id"]), by, "cancelled_by")


def a_late_cancellation_costs_the_fee_of_the_policy(w):
    client = w.booker()
    for cutoff, fee in ((5 * 24 * 60, 2500), (60, 0)):
        salon = Salon(w, cancel_cutoff_minutes=cutoff, late_cancel_fee_amount=2500)
        made = book(client, salon.booking(at(3, 12)))
        client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
        equal(w.db.one("SELECT fee_amount FROM bookings_booking WHERE id = %s", made["id"]), fee, f"fee with a cut-off of {cutoff}")


def the_policy_of_the_day_of_booking_counts(w):
    client, salon = w.booker(), Salon(w, cancel_cutoff_minutes=60, late_cancel_fee_amount=0)
    made = book(client, salon.booking(at(3, 12)))
    salon.change(cancel_cutoff_minutes=40000, late_cancel_fee_amount=9999)
    client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
    equal(w.db.one("SELECT fee_amount FROM bookings_booking WHERE id = %s", made["id"]), 0, "fee")


def every_cancellation_leaves_a_line_in_the_history(w):
    client = w.booker()
    made = book(client, Salon(w).booking())
    client.post(f"{PATH}{made['id']}/cancel/", {"reason": "ill"}).expect(200)
    lines = w.db.rows("SELECT version, from_status, to_status FROM bookings_history WHERE booking_id = %s ORDER BY version", made["id"])
    equal([tuple(line.values()) for line in lines], [(1, None, "confirmed"), (2, "confirmed", "cancelled")], "history")


def reasons_are_checked(w):
    client = w.booker()
    made = book(client, Salon(w).booking())
    for reason in (5, "x" * 501, ["x"]):
        check("reason" in client.post(f"{PATH}{made['id']}/cancel/", {"reason": reason}).expect(400).json, "not named")
    equal(w.db.one("SELECT status FROM bookings_booking WHERE id = %s", made["id"]), "confirmed", "status")


def people_are_shown_by_their_display_name_never_by_email(w):
    client = w.sign_in(email=f"hidden{id(w)}@example.com")
    salon = Salon(w)
    made = book(client, salon.booking())
    seen = as_user(w, salon.staff_users[0]).get(f"{PATH}{made['id']}/").expect(200)
    absent(seen.text, "hidden", "what staff see")
