"""Why not: each refusal of a creation names its one cause, in both languages, and makes nothing."""
import datetime
import pathlib
import random

from lib.bookings import PATH, book
from lib.check import check, equal
from lib.salons import Salon, at, instant


def _refused(w, body, status, code, english, arabic, field=None, client=None):
    """One refusal in both languages: status, code, exact text, and nothing made."""
    client = client or w.somebody("refused")
    before = w.db.one("SELECT count(*) FROM bookings_booking WHERE customer_id = %s", client.user["id"])
    for language, text in (("en", english), ("ar", arabic)):
        answer = client.as_language(language).post(PATH, body).expect(status, code)
        equal(answer.json.get(field) if field else answer.json.get("detail"), [text] if field else text, f"text in {language}")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE customer_id = %s", client.user["id"]), before, "bookings")


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
    book(w.booker(), salon.booking(at(4, 12)))


def a_time_beyond_the_horizon(w):
    salon = Salon(w, horizon_days=10)
    _refused(w, salon.booking(at(12, 12)), 400, "booking.too_far", "This salon does not take bookings that far ahead.",
             "لا يقبل هذا الصالون الحجز لهذا التاريخ البعيد.", "starts_at")
    book(w.booker(), salon.booking(at(9, 12)))


def a_time_off_the_grid(w):
    for wrong in (at(3, 12, 7), at(3, 12).replace(":00+", ":01+"), at(3, 12).replace(":00+", ":00.5+")):
        _refused(w, Salon(w).booking(wrong), 400, "booking.off_grid", "Bookings at this salon do not start at this minute.",
                 "لا تبدأ حجوزات هذا الصالون في هذه الدقيقة.", "starts_at")


def a_time_outside_the_hours_of_the_salon(w):
    salon = Salon(w, duration=60, hours=((600, 1200),))
    for hour, minute in ((9, 0), (9, 30), (19, 30), (20, 0)):
        _refused(w, salon.booking(at(3, hour, minute)), 400, "booking.outside_hours",
                 "The salon is not open for all of this time.", "الصالون غير مفتوح طوال هذا الوقت.", "starts_at")
    book(w.booker(), salon.booking(at(3, 10)))
    book(w.booker(), salon.booking(at(3, 19)))


def a_time_outside_the_windows_of_the_member(w):
    salon = Salon(w, duration=60, windows=((600, 780), (840, 1200)))
    for hour, minute in ((9, 30), (12, 30), (13, 0), (19, 30)):
        for staff in (0, None):
            _refused(w, salon.booking(at(3, hour, minute), staff), 400, "booking.outside_windows",
                     "The member of staff does not work at this time.", "الموظف لا يعمل في هذا الوقت.", "starts_at")
    book(w.booker(), salon.booking(at(3, 12)))
    book(w.booker(), salon.booking(at(3, 14)))


def a_time_at_which_the_member_is_off(w):
    salon = Salon(w, duration=60)
    salon.exception(salon.staff[0], "off", at(3, 12, 30), at(3, 14))
    for hour, minute in ((12, 0), (13, 0), (13, 30)):
        _refused(w, salon.booking(at(3, hour, minute)), 400, "booking.staff_off",
                 "The member of staff is off at this time.", "الموظف في إجازة في هذا الوقت.", "starts_at")
    book(w.booker(), salon.booking(at(3, 14)))


def extra_hours_of_a_member_count(w):
    salon = Salon(w, windows=((600, 660),))
    salon.exception(salon.staff[0], "extra", at(3, 20), at(3, 22))
    book(w.booker(), salon.booking(at(3, 20)))


def a_slot_that_is_taken(w):
    salon = Salon(w, duration=60)
    book(w.booker(), salon.booking(at(3, 12)))
    for hour, minute in ((11, 15), (12, 0), (12, 45)):
        _refused(w, salon.booking(at(3, hour, minute)), 409, "booking.slot_taken", "This time has just been taken.",
                 "تم حجز هذا الوقت للتو.")
    book(w.booker(), salon.booking(at(3, 13)))
    book(w.booker(), salon.booking(at(3, 11)))


def the_loser_is_shown_up_to_three_nearest_free_times(w):
    salon = Salon(w, duration=30, grid_minutes=30)
    book(w.booker(), salon.booking(at(3, 12)))
    loser = w.somebody("refused")
    alternatives = loser.post(PATH, salon.booking(at(3, 12))).expect(409, "booking.slot_taken").json["alternatives"]
    equal([a["starts_at"] for a in alternatives], [at(3, 11, 30), at(3, 12, 30), at(3, 11)], "alternatives")
    for alternative in alternatives:
        book(loser, salon.booking(alternative["starts_at"]))


def a_full_day_offers_no_alternative_of_the_past(w):
    salon = Salon(w, duration=60, hours=((720, 780),), windows=((720, 780),), horizon_days=4)
    for day in (1, 2, 3):
        book(w.booker(), salon.booking(at(day, 12)))
    for alternative in w.booker().post(PATH, salon.booking(at(3, 12))).expect(409).json["alternatives"]:
        check(instant(alternative["starts_at"]) > datetime.datetime.now(datetime.timezone.utc), f"{alternative}")


def buffers_around_a_service_are_kept_free(w):
    salon = Salon(w, duration=30, before=15, after=15)
    book(w.booker(), salon.booking(at(3, 12)))
    for hour, minute in ((11, 15), (12, 45)):
        book(w.booker(), salon.booking(at(3, hour, minute)), 409, "booking.slot_taken")
    book(w.booker(), salon.booking(at(3, 13)))
    book(w.booker(), salon.booking(at(3, 11)))


def with_everybody_busy_anybody_is_taken_too(w):
    salon = Salon(w, staff=2)
    for _ in range(2):
        book(w.booker(), salon.booking(staff=None))
    book(w.booker(), salon.booking(staff=None), 409, "booking.slot_taken")


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
    book(client, salon.booking(starts[len(statuses)]))


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
    equal(book(w.booker(), Salon(w).booking(notes="ن" * 1000))["notes"], "ن" * 1000, "notes")


# ---- exactly one cause ----

# What can be wrong with a wish, by what it is wrong with; each alone, and any two of different kinds.
FAULTS = {
    "salon": {"booking.salon_unknown": lambda body, story: body.update(salon=10**9)},
    "service": {"booking.service_unknown": lambda body, story: body.update(service=story["other"].service)},
    "staff": {
        "booking.staff_unknown": lambda body, story: body.update(staff=10**9),
        "booking.staff_elsewhere": lambda body, story: body.update(staff=story["other"].staff[0]),
        "booking.staff_not_offering": lambda body, story: body.update(staff=story["idle"]),
    },
    "time": {
        "booking.past": lambda body, story: body.update(starts_at=at(-1, 12)),
        "booking.too_soon": lambda body, story: body.update(starts_at=at(1, 12)),
        "booking.too_far": lambda body, story: body.update(starts_at=at(30, 12)),
        "booking.off_grid": lambda body, story: body.update(starts_at=at(3, 12, 7)),
        "booking.outside_hours": lambda body, story: body.update(starts_at=at(3, 22)),
        "booking.outside_windows": lambda body, story: body.update(starts_at=at(3, 8)),
        "booking.staff_off": lambda body, story: body.update(starts_at=at(4, 12)),
        "booking.slot_taken": lambda body, story: body.update(starts_at=at(3, 15)),
    },
    "customer": {"booking.phone_unverified": lambda body, story: story.update(client="unverified"),
                 "booking.too_many_open": lambda body, story: story.update(client="busy")},
}


def _stage(w):
    salon, other = Salon(w, hours=((480, 1200),), windows=((600, 1200),), notice_minutes=2 * 24 * 60, horizon_days=20), Salon(w)
    idle = salon.add_staff()
    salon.exception(salon.staff[0], "off", at(4, 0), at(5, 0))
    people = {"good": w.sign_in(), "unverified": w.sign_in(), "busy": w.sign_in()}
    w.db.rows("UPDATE accounts_user SET is_phone_verified = false WHERE id = %s", people["unverified"].user["id"])
    elsewhere = Salon(w, staff=12)
    while people["busy"].post(PATH, elsewhere.booking(staff=_open(w, people["busy"]))).status == 201:
        pass
    book(w.booker(), salon.booking(at(3, 15)))
    return salon, {"other": other, "idle": idle}, people


def _open(w, client):
    return w.db.one("SELECT count(*)::integer FROM bookings_booking WHERE customer_id = %s", client.user["id"])


def each_fault_alone_has_its_code_and_two_have_that_of_one(w):
    salon, story, people = _stage(w)
    single = [(kind, code) for kind, codes in FAULTS.items() for code in codes]
    pairs = [(one, two) for one in single for two in single if one[0] < two[0]]
    for faults in [(one,) for one in single] + pairs:
        body, told = salon.booking(at(3, 12)), {**story, "client": "good"}
        for kind, code in faults:
            FAULTS[kind][code](body, told)
        answer = people[told["client"]].post(PATH, body)
        codes = [code for _, code in faults]
        check(answer.status in (400, 403, 409), f"{codes}: {answer.status} {answer.text}")
        check(answer.json["code"] in codes, f"{codes}: told {answer.json['code']}")
        named = answer.json.keys() - {"code", "request_id", "alternatives"}
        equal(len(named), 1, f"what {answer.text} names")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 1, "bookings")
    book(people["good"], salon.booking(at(3, 12)))


def every_refusal_that_the_document_foretells_is_told_here(w):
    """This folder's stories name each code of a refused creation, those of HTTP itself aside."""
    told = "".join(path.read_text() for path in pathlib.Path(__file__).parent.glob("book*.py"))
    responses = w.contract.document["paths"][PATH]["post"]["responses"]
    codes = {code for response in responses.values() for code in response.get("x-codes", ())}
    missing = {code for code in codes if code.startswith(("booking.", "idempotency.")) and f'"{code}"' not in told}
    equal(missing, set(), "codes that no story provokes")


# ---- what is offered instead ----

def _nearest(free, wanted):
    """At most three starts, by distance and then the earlier."""
    return sorted(free, key=lambda start: (abs(instant(start) - instant(wanted)), instant(start)))[:3]


def alternatives_are_the_nearest_slots_and_can_be_booked(w):
    chance = random.Random(4711)
    for _ in range(12):
        grid, duration = chance.choice((15, 20, 30)), chance.choice((30, 45, 60))
        salon = Salon(w, staff=2, duration=duration, before=chance.choice((0, 10)), after=chance.choice((0, 15)), grid_minutes=grid,
                      windows=((480, 720 + 60 * chance.randrange(4)), (900 + 60 * chance.randrange(3), 1260)))
        free = {member: [slot["starts_at"] for slot in salon.slots(w.client(), 3, staff=member).expect(200).json["slots"]]
                for member in salon.staff}
        taken = []
        for n in range(10):
            start, member = chance.choice(free[salon.staff[n % 2]]), n % 2
            if w.booker().post(PATH, salon.booking(start, member)).status == 201:
                taken.append((start, member))
        start, member = chance.choice(taken)
        everywhere = [slot["starts_at"] for slot in salon.slots(w.client(), 1, 7, staff=salon.staff[member]).expect(200).json["slots"]]
        offered = w.somebody("refused").post(PATH, salon.booking(start, member)).expect(409, "booking.slot_taken").json["alternatives"]
        equal([a["starts_at"] for a in offered], _nearest(everywhere, start), f"alternatives to {start}")
        equal({a["staff"] for a in offered}, {salon.staff[member]}, "whose they are")
        one = chance.choice(offered)
        made = book(w.booker(), {**salon.booking(one["starts_at"]), "staff": one["staff"]})
        equal((made["starts_at"], made["ends_at"]), (one["starts_at"], one["ends_at"]), "what was booked")


def who_works_once_a_week_is_offered_in_other_weeks(w):
    salon = Salon(w, duration=60, windows=(), horizon_days=31)
    weekday = (datetime.date.fromisoformat(at(9, 12)[:10]).weekday() + 1) % 7
    salon._insert("catalogue_staff_window", staff_id=salon.staff[0], weekday=weekday, starts_minute=720, ends_minute=780)
    for day, expected in ((9, (2, 16, 23)), (2, (9, 16, 23)), (23, (16, 30, 9))):
        taken = book(w.booker(), salon.booking(at(day, 12)))["id"]
        offered = w.somebody("refused").post(PATH, salon.booking(at(day, 12))).expect(409, "booking.slot_taken").json["alternatives"]
        equal([a["starts_at"] for a in offered], [at(n, 12) for n in expected], f"alternatives to day {day}")
        w.db.rows("UPDATE bookings_booking SET status = 'cancelled' WHERE id = %s", taken)


def alternatives_to_anybody_are_with_whoever_is_free(w):
    salon = Salon(w, staff=2, duration=30, grid_minutes=30)
    for start, staff in ((at(3, 12), 0), (at(3, 12), 1), (at(3, 12, 30), 0), (at(3, 11, 30), 1), (at(3, 11, 30), 0)):
        book(w.booker(), salon.booking(start, staff))
    offered = w.somebody("refused").post(PATH, salon.booking(staff=None)).expect(409, "booking.slot_taken").json["alternatives"]
    equal([(a["starts_at"], a["staff"]) for a in offered],
          [(at(3, 12, 30), salon.staff[1]), (at(3, 11), salon.staff[0]), (at(3, 13), salon.staff[0])], "alternatives")
    book(w.booker(), {**salon.booking(offered[0]["starts_at"]), "staff": offered[0]["staff"]})
