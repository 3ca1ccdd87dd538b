"""Bookings: made, refused, looked at, cancelled; by whom, and in which words."""
import datetime

from lib.check import absent, check, equal, within
from lib.salons import Salon, at, instant

PATH = "/api/bookings/"
MEMBERS = {"id", "salon", "service", "staff", "customer", "starts_at", "ends_at", "status", "price_amount", "currency",
           "version", "created_at"}
ACTIVE = ("held", "pending", "confirmed")


def _book(client, body, status=201, code=None):
    return client.post(PATH, body).expect(status, code).json


def _id(value):
    """Of a member that is an id, or an object with one."""
    return value["id"] if isinstance(value, dict) else value


def _refused(w, body, status, code, english, arabic, field=None, client=None):
    """One refusal in both languages: status, code, exact text, and nothing made."""
    client = client or w.somebody("refused")
    before = w.db.one("SELECT count(*) FROM bookings_booking WHERE customer_id = %s", client.user["id"])
    for language, text in (("en", english), ("ar", arabic)):
        answer = client.as_language(language).post(PATH, body).expect(status, code)
        equal(answer.json.get(field) if field else answer.json.get("detail"), [text] if field else text, f"text in {language}")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE customer_id = %s", client.user["id"]), before, "bookings")


# ---- made ----

def a_booking_says_who_what_when_and_for_how_much(w):
    client, salon = w.booker(), Salon(w, duration=45, price=12345)
    made = _book(client, salon.booking(at(3, 12), notes="by the window, please"))
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
    made = _book(client, salon.booking(instant(at(3, 12)).astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")))
    check(made["starts_at"].endswith(("+01:00", "+02:00")), f"starts_at {made['starts_at']}")
    equal(instant(made["starts_at"]), instant(at(3, 12)), "starts_at")


def a_time_may_be_given_in_any_offset(w):
    salon, start = Salon(w), instant(at(3, 12))
    for hours, n in ((-5, 0), (0, 1), (9, 2)):
        wanted = (start + datetime.timedelta(hours=n)).astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
        equal(instant(_book(w.booker(), salon.booking(wanted.isoformat()))["starts_at"]), wanted, "starts_at")


def without_approval_a_booking_is_confirmed_with_it_pending(w):
    for auto, status in ((True, "confirmed"), (False, "pending")):
        equal(_book(w.booker(), Salon(w, auto_confirm=auto).booking())["status"], status, "status")


def the_price_is_that_of_the_day_it_was_booked(w):
    client, salon = w.booker(), Salon(w, price=5000)
    made = _book(client, salon.booking())
    w.db.rows("UPDATE catalogue_service SET price_amount = 9900 WHERE id = %s", salon.service)
    equal(client.get(f"{PATH}{made['id']}/").expect(200).json["price_amount"], 5000, "price_amount")


def without_a_wish_the_least_loaded_member_is_taken_ties_by_id(w):
    client, salon = w.booker(), Salon(w, staff=3)
    chosen = [_id(_book(client, salon.booking(at(3, hour), staff=None))["staff"]) for hour in (9, 11, 13, 15)]
    equal(chosen, [*salon.staff, salon.staff[0]], "staff, one after the other")


def without_a_wish_only_those_who_can_are_considered(w):
    client, salon = w.booker(), Salon(w, staff=2)
    other = salon.add_service()
    salon.offer(salon.staff[1], other)
    for hour in (9, 11):
        equal(_id(_book(client, {**salon.booking(at(3, hour), staff=None), "service": other})["staff"]), salon.staff[1], "staff")


def staff_may_be_left_out_for_anybody(w):
    salon = Salon(w)
    body = salon.booking()
    del body["staff"]
    equal(_id(_book(w.booker(), body)["staff"]), salon.staff[0], "staff")


def every_creation_leaves_a_line_in_the_history(w):
    client, salon = w.booker(), Salon(w)
    answer = client.post(PATH, salon.booking(), headers={"X-Request-Id": "story-history"}).expect(201)
    line = w.db.row("SELECT * FROM bookings_history WHERE booking_id = %s", answer.json["id"])
    equal((line["actor_id"], line["from_status"], line["to_status"], line["request_id"]),
          (client.user["id"], None, "confirmed", "story-history"), "line")


# ---- refused ----

def a_salon_that_is_not_there(w):
    salon = Salon(w)
    _refused(w, {**salon.booking(), "salon": 10**9}, 400, "booking.salon_unknown", "There is no such salon.",
             "لا يوجد صالون بهذا الرقم.", "salon")
    salon.change(active=False)
    _refused(w, salon.booking(), 400, "booking.salon_unknown", "There is no such salon.", "لا يوجد صالون بهذا الرقم.", "salon")


def a_service_of_another_salon(w):
    _refused(w, {**Salon(w).booking(), "service": Salon(w).service}, 400, "booking.service_unknown",
             "This salon has no such service.", "لا توجد خدمة بهذا الرقم في هذا الصالون.", "service")


def a_member_of_staff_that_is_not_there(w):
    _refused(w, {**Salon(w).booking(), "staff": 10**9}, 400, "booking.staff_unknown", "There is no such member of staff.",
             "لا يوجد موظف بهذا الرقم.", "staff")


def a_member_of_staff_of_another_salon(w):
    _refused(w, {**Salon(w).booking(), "staff": Salon(w).staff[0]}, 400, "booking.staff_elsewhere",
             "This member of staff does not work at this salon.", "هذا الموظف لا يعمل في هذا الصالون.", "staff")


def a_member_of_staff_who_does_not_offer_the_service(w):
    _refused(w, Salon(w, staff_offers=False).booking(), 400, "booking.staff_not_offering",
             "This member of staff does not offer this service.", "هذا الموظف لا يقدم هذه الخدمة.", "staff")


def a_service_that_nobody_offers(w):
    _refused(w, Salon(w, staff_offers=False).booking(staff=None), 400, "booking.nobody_offers",
             "Nobody at this salon offers this service at present.", "لا أحد في هذا الصالون يقدم هذه الخدمة حاليًا.", "service")


def a_time_in_the_past(w):
    _refused(w, Salon(w).booking(at(-1, 12)), 400, "booking.past", "This time has passed.", "هذا الوقت قد مضى.", "starts_at")


def a_time_inside_the_notice(w):
    salon = Salon(w, notice_minutes=3 * 24 * 60)
    _refused(w, salon.booking(at(2, 12)), 400, "booking.too_soon", "This salon needs more notice before a booking.",
             "يتطلب هذا الصالون الحجز قبل وقت أطول.", "starts_at")
    _book(w.booker(), salon.booking(at(4, 12)))


def a_time_beyond_the_horizon(w):
    salon = Salon(w, horizon_days=10)
    _refused(w, salon.booking(at(12, 12)), 400, "booking.too_far", "This salon does not take bookings that far ahead.",
             "لا يقبل هذا الصالون الحجز لهذا التاريخ البعيد.", "starts_at")
    _book(w.booker(), salon.booking(at(9, 12)))


def a_time_off_the_grid(w):
    for wrong in (at(3, 12, 7), at(3, 12).replace(":00+", ":01+"), at(3, 12).replace(":00+", ":00.5+")):
        _refused(w, Salon(w).booking(wrong), 400, "booking.off_grid", "Bookings at this salon do not start at this minute.",
                 "لا تبدأ حجوزات هذا الصالون في هذه الدقيقة.", "starts_at")


def a_time_outside_the_hours_of_the_salon(w):
    salon = Salon(w, duration=60, hours=((600, 1200),))
    for hour, minute in ((9, 0), (9, 30), (19, 30), (20, 0)):
        _refused(w, salon.booking(at(3, hour, minute)), 400, "booking.outside_hours",
                 "The salon is not open for all of this time.", "الصالون غير مفتوح طوال هذا الوقت.", "starts_at")
    _book(w.booker(), salon.booking(at(3, 10)))
    _book(w.booker(), salon.booking(at(3, 19)))


def a_time_outside_the_windows_of_the_member(w):
    salon = Salon(w, duration=60, windows=((600, 780), (840, 1200)))
    for hour, minute in ((9, 30), (12, 30), (13, 0), (19, 30)):
        for staff in (0, None):
            _refused(w, salon.booking(at(3, hour, minute), staff), 400, "booking.outside_windows",
                     "The member of staff does not work at this time.", "الموظف لا يعمل في هذا الوقت.", "starts_at")
    _book(w.booker(), salon.booking(at(3, 12)))
    _book(w.booker(), salon.booking(at(3, 14)))


def a_time_at_which_the_member_is_off(w):
    salon = Salon(w, duration=60)
    salon.exception(salon.staff[0], "off", at(3, 12, 30), at(3, 14))
    for hour, minute in ((12, 0), (13, 0), (13, 30)):
        _refused(w, salon.booking(at(3, hour, minute)), 400, "booking.staff_off",
                 "The member of staff is off at this time.", "الموظف في إجازة في هذا الوقت.", "starts_at")
    _book(w.booker(), salon.booking(at(3, 14)))


def extra_hours_of_a_member_count(w):
    salon = Salon(w, windows=((600, 660),))
    salon.exception(salon.staff[0], "extra", at(3, 20), at(3, 22))
    _book(w.booker(), salon.booking(at(3, 20)))


def a_slot_that_is_taken(w):
    salon = Salon(w, duration=60)
    _book(w.booker(), salon.booking(at(3, 12)))
    for hour, minute in ((11, 15), (12, 0), (12, 45)):
        _refused(w, salon.booking(at(3, hour, minute)), 409, "booking.slot_taken", "This time has just been taken.",
                 "تم حجز هذا الوقت للتو.")
    _book(w.booker(), salon.booking(at(3, 13)))
    _book(w.booker(), salon.booking(at(3, 11)))


def the_loser_is_shown_up_to_three_nearest_free_times(w):
    salon = Salon(w, duration=30, grid_minutes=30)
    _book(w.booker(), salon.booking(at(3, 12)))
    loser = w.somebody("refused")
    alternatives = loser.post(PATH, salon.booking(at(3, 12))).expect(409, "booking.slot_taken").json["alternatives"]
    equal([a["starts_at"] for a in alternatives], [at(3, 11, 30), at(3, 12, 30), at(3, 11)], "alternatives")
    for alternative in alternatives:
        _book(loser, salon.booking(alternative["starts_at"]))


def a_full_day_offers_no_alternative_of_the_past(w):
    salon = Salon(w, duration=60, hours=((720, 780),), windows=((720, 780),), horizon_days=4)
    for day in (1, 2, 3):
        _book(w.booker(), salon.booking(at(day, 12)))
    for alternative in w.booker().post(PATH, salon.booking(at(3, 12))).expect(409).json["alternatives"]:
        check(instant(alternative["starts_at"]) > datetime.datetime.now(datetime.timezone.utc), f"{alternative}")


def buffers_around_a_service_are_kept_free(w):
    salon = Salon(w, duration=30, before=15, after=15)
    _book(w.booker(), salon.booking(at(3, 12)))
    for hour, minute in ((11, 15), (12, 45)):
        _book(w.booker(), salon.booking(at(3, hour, minute)), 409, "booking.slot_taken")
    _book(w.booker(), salon.booking(at(3, 13)))
    _book(w.booker(), salon.booking(at(3, 11)))


def with_everybody_busy_anybody_is_taken_too(w):
    salon = Salon(w, staff=2)
    for _ in range(2):
        _book(w.booker(), salon.booking(staff=None))
    _book(w.booker(), salon.booking(staff=None), 409, "booking.slot_taken")


def a_customer_without_a_verified_phone(w):
    client = w.sign_in()
    w.db.rows("UPDATE accounts_user SET is_phone_verified = false WHERE id = %s", client.user["id"])
    _refused(w, Salon(w).booking(), 403, "booking.phone_unverified", "Verify your phone number before booking.",
             "يرجى توثيق رقم جوالك قبل الحجز.", client=client)


def a_customer_with_too_many_open_bookings(w):
    salon, client = Salon(w), w.sign_in()
    starts = [at(3 + n // 20, n % 20) for n in range(60)]
    statuses = []
    for start in starts:
        statuses.append(client.post(PATH, salon.booking(start)).status)
        if statuses[-1] != 201:
            break
    check(statuses[-1] == 409, f"never refused: {len(statuses)} bookings")
    _refused(w, salon.booking(starts[len(statuses)]), 409, "booking.too_many_open",
             "You have as many open bookings as one customer may have.", "لديك الحد الأقصى من الحجوزات المفتوحة.", client=client)
    one = client.get(PATH + "?when=upcoming&limit=1").expect(200).json["results"][0]
    client.post(f"{PATH}{one['id']}/cancel/", {}).expect(200)
    _book(client, salon.booking(starts[len(statuses)]))


def fields_of_the_wrong_shape_are_named(w):
    good = Salon(w).booking()
    for field, value in (("salon", None), ("salon", "1"), ("salon", -1), ("salon", 1.5), ("salon", 2**63), ("service", []),
                         ("staff", "x"), ("staff", 0), ("starts_at", "tomorrow"), ("starts_at", "2030-01-01T10:00:00"),
                         ("starts_at", "2030-02-30T10:00:00Z"), ("starts_at", 5), ("starts_at", None), ("notes", 5),
                         ("notes", "x" * 1001)):
        answer = w.booker().post(PATH, {**good, field: value}).expect(400)
        check(field in answer.json, f"{field}={value!r}: {answer.json}")


def required_fields_are_required(w):
    answer = w.booker().as_language("en").post(PATH, {}).expect(400, "request.invalid")
    for field in ("salon", "service", "starts_at"):
        equal(answer.json.get(field), ["This field is required."], field)


def notes_of_a_thousand_characters_fit(w):
    equal(_book(w.booker(), Salon(w).booking(notes="ن" * 1000))["notes"], "ن" * 1000, "notes")


# ---- looked at ----

def a_booking_reads_as_it_was_answered(w):
    client = w.booker()
    made = _book(client, Salon(w).booking())
    equal(client.get(f"{PATH}{made['id']}/").expect(200).json, made, "booking")


def a_booking_of_somebody_else_is_404(w):
    made = _book(w.booker(), Salon(w).booking())
    stranger = w.somebody("stranger").as_language("en")
    equal(stranger.get(f"{PATH}{made['id']}/").expect(404, "request.not_found").json["detail"], "Not found.", "detail")
    stranger.post(f"{PATH}{made['id']}/cancel/", {}).expect(404)
    stranger.get(f"{PATH}{10**12}/").expect(404)
    equal(w.db.one("SELECT status FROM bookings_booking WHERE id = %s", made["id"]), "confirmed", "status")


def _as_user(w, user_id):
    """A client signed in as an existing user: by `mawid token mint`."""
    code, out, err = w.command("token", "mint", w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", user_id))
    equal(code, 0, f"exit code of token mint ({err})")
    client = w.client(token=out.split()[-1])
    client.user = {"id": user_id}
    return client


def staff_see_theirs_managers_their_salons_admins_all(w):
    salon, other = Salon(w, staff=2), Salon(w)
    made = _book(w.booker(), salon.booking())
    viewers = {"its member": (_as_user(w, salon.staff_users[0]), 200), "another member": (_as_user(w, salon.staff_users[1]), 404),
               "its manager": (_as_user(w, salon.owner), 200), "another manager": (_as_user(w, other.owner), 404),
               "an admin": (w.with_role("admin"), 200), "a stranger": (w.somebody("stranger"), 404)}
    for name, (viewer, status) in viewers.items():
        answer = viewer.get(f"{PATH}{made['id']}/")
        equal(answer.status, status, f"what {name} gets")
        listed = viewer.get(PATH + f"?salon={salon.id}&limit=100").expect(200).json["results"]
        equal([b["id"] for b in listed], [made["id"]] if status == 200 else [], f"what {name} sees in the list")


def the_list_of_a_customer_is_her_own(w):
    client, salon = w.sign_in(), Salon(w)
    _book(w.booker(), salon.booking(at(3, 9)))
    mine = [_book(client, salon.booking(at(3, hour)))["id"] for hour in (12, 10, 14)]
    listed = client.get(PATH + "?when=upcoming").expect(200).json
    equal([b["id"] for b in listed["results"]], [mine[1], mine[0], mine[2]], "upcoming, soonest first")
    equal(listed["next"], None, "next")


def the_list_tells_past_from_upcoming(w):
    client, salon = w.sign_in(), Salon(w)
    ahead, over = _book(client, salon.booking(at(3, 12)))["id"], _book(client, salon.booking(at(4, 12)))["id"]
    _move(w, over, -5)
    for when, expected in (("upcoming", [ahead]), ("past", [over])):
        equal([b["id"] for b in client.get(PATH + f"?when={when}").expect(200).json["results"]], expected, when)
    equal({b["id"] for b in client.get(PATH).expect(200).json["results"]}, {ahead, over}, "without when")


def _move(w, booking, days):
    w.db.rows("UPDATE bookings_booking SET starts_at = starts_at + %s * interval '1 day', ends_at = ends_at + %s * interval '1 day', "
              "claimed = tstzrange(lower(claimed) + %s * interval '1 day', upper(claimed) + %s * interval '1 day') WHERE id = %s",
              days, days, days, days, booking)


def the_list_is_filtered_by_status_and_salon(w):
    client, one, two = w.sign_in(), Salon(w), Salon(w)
    kept, gone = _book(client, one.booking())["id"], _book(client, two.booking())["id"]
    client.post(f"{PATH}{gone}/cancel/", {}).expect(200)
    for query, expected in (("status=confirmed", [kept]), ("status=cancelled", [gone]), (f"salon={two.id}", [gone]),
                            (f"salon={one.id}&status=cancelled", []), ("status=no_show", [])):
        equal([b["id"] for b in client.get(f"{PATH}?{query}").expect(200).json["results"]], expected, query)


def the_list_comes_in_pages_without_gaps_or_twins(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    for hour in (9, 10, 11):
        for staff in (0, 1):
            _book(client, salon.booking(at(3, hour), staff))
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
    made = _book(w.booker(), Salon(w).booking())
    for answer in (w.client().get(PATH), w.client().post(PATH, {}), w.client().get(f"{PATH}{made['id']}/"),
                   w.client().post(f"{PATH}{made['id']}/cancel/", {})):
        check(answer.expect(401, "auth.required").header("WWW-Authenticate"), "no WWW-Authenticate")


# ---- cancelled ----

def a_customer_cancels_and_the_time_is_free_again(w):
    client, salon = w.booker(), Salon(w)
    made = _book(client, salon.booking())
    gone = client.post(f"{PATH}{made['id']}/cancel/", {"reason": "ill"}).expect(200).json
    equal((gone["id"], gone["status"], gone["version"]), (made["id"], "cancelled", 2), "id, status, version")
    row = w.db.row("SELECT * FROM bookings_booking WHERE id = %s", made["id"])
    equal((row["cancelled_by"], row["reason"]), ("customer", "ill"), "cancelled_by and reason")
    _book(w.somebody("refused"), salon.booking())


def a_reason_is_not_needed(w):
    client = w.booker()
    made = _book(client, Salon(w).booking())
    client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
    made = _book(client, Salon(w).booking())
    client.request("POST", f"{PATH}{made['id']}/cancel/").expect(200)


def cancelling_twice_is_refused(w):
    client = w.booker()
    made = _book(client, Salon(w).booking())
    client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
    for language, text in (("en", "The booking is in a state that does not allow this."), ("ar", "حالة الحجز لا تسمح بهذا الإجراء.")):
        answer = client.as_language(language).post(f"{PATH}{made['id']}/cancel/", {}).expect(409, "booking.invalid_transition")
        equal(answer.json["detail"], text, "detail")


def a_booking_that_has_begun_is_not_cancelled_by_the_customer(w):
    client, salon = w.booker(), Salon(w)
    made = _book(client, salon.booking())
    _move(w, made["id"], -4)
    for language, text in (("en", "This booking has begun and can no longer be cancelled."), ("ar", "بدأ هذا الموعد ولا يمكن إلغاؤه.")):
        answer = client.as_language(language).post(f"{PATH}{made['id']}/cancel/", {}).expect(409, "booking.already_begun")
        equal(answer.json["detail"], text, "detail")
    _as_user(w, salon.owner).post(f"{PATH}{made['id']}/cancel/", {}).expect(200)


def the_people_of_the_salon_cancel_and_it_is_noted_who(w):
    salon = Salon(w)
    for hour, (viewer, by) in enumerate(((_as_user(w, salon.staff_users[0]), "staff"), (_as_user(w, salon.owner), "manager"),
                                         (w.with_role("admin"), "admin"))):
        made = _book(w.booker(), salon.booking(at(3, 9 + hour)))
        viewer.post(f"{PATH}{made['id']}/cancel/", {"reason": "closed"}).expect(200)
        equal(w.db.one("SELECT cancelled_by FROM bookings_booking WHERE id = %s", made["id"]), by, "cancelled_by")


def a_late_cancellation_costs_the_fee_of_the_policy(w):
    client = w.booker()
    for cutoff, fee in ((5 * 24 * 60, 2500), (60, 0)):
        salon = Salon(w, cancel_cutoff_minutes=cutoff, late_cancel_fee_amount=2500)
        made = _book(client, salon.booking(at(3, 12)))
        client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
        equal(w.db.one("SELECT fee_amount FROM bookings_booking WHERE id = %s", made["id"]), fee, f"fee with a cut-off of {cutoff}")


def the_policy_of_the_day_of_booking_counts(w):
    client, salon = w.booker(), Salon(w, cancel_cutoff_minutes=60, late_cancel_fee_amount=0)
    made = _book(client, salon.booking(at(3, 12)))
    salon.change(cancel_cutoff_minutes=40000, late_cancel_fee_amount=9999)
    client.post(f"{PATH}{made['id']}/cancel/", {}).expect(200)
    equal(w.db.one("SELECT fee_amount FROM bookings_booking WHERE id = %s", made["id"]), 0, "fee")


def every_cancellation_leaves_a_line_in_the_history(w):
    client = w.booker()
    made = _book(client, Salon(w).booking())
    client.post(f"{PATH}{made['id']}/cancel/", {"reason": "ill"}).expect(200)
    lines = w.db.rows("SELECT version, from_status, to_status FROM bookings_history WHERE booking_id = %s ORDER BY version", made["id"])
    equal([tuple(line.values()) for line in lines], [(1, None, "confirmed"), (2, "confirmed", "cancelled")], "history")


def reasons_are_checked(w):
    client = w.booker()
    made = _book(client, Salon(w).booking())
    for reason in (5, "x" * 501, ["x"]):
        check("reason" in client.post(f"{PATH}{made['id']}/cancel/", {"reason": reason}).expect(400).json, "not named")
    equal(w.db.one("SELECT status FROM bookings_booking WHERE id = %s", made["id"]), "confirmed", "status")


def people_are_shown_by_their_display_name_never_by_email(w):
    client = w.sign_in(email=f"hidden{id(w)}@example.com")
    salon = Salon(w)
    made = _book(client, salon.booking())
    seen = _as_user(w, salon.staff_users[0]).get(f"{PATH}{made['id']}/").expect(200)
    absent(seen.text, "hidden", "what staff see")
