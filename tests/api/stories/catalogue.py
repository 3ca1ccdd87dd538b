"""Salons to look for and to look at, and the times they offer."""
import datetime
import zoneinfo
from urllib.parse import quote as _quoted

from lib.catalogue import everything
from lib.check import check, contains, equal
from lib.salons import Salon, at, everybody_knows, instant

PATH = "/api/salons/"


def _names(w, query, language=None):
    """English names of what a search finds, by the database."""
    ids = [salon["id"] for salon in everything(w.client(language), PATH + query)]
    names = {row["id"]: row["name_en"] for row in w.db.rows("SELECT id, name_en FROM catalogue_salon WHERE id = ANY(%s)", ids)}
    return [names[i] for i in ids]


# ---- search ----

def anybody_may_look_at_salons(w):
    page = w.client().get(PATH).expect(200).json
    check(page["results"], "no salons")
    card = page["results"][0]
    for member in ("id", "name", "city", "phone", "rating", "review_count"):
        check(member in card, f"no {member} on the card: {card}")


def cards_speak_the_language_of_the_reader(w):
    arabic, english = (everything(w.client(language), PATH + "?q=Jasmine%20Salon") for language in ("ar", "en"))
    contains(str(next(arabic)), "صالون الياسمين", "the card in Arabic")
    contains(str(next(english)), "Jasmine Salon", "the card in English")


def search_finds_names_in_either_language_whatever_the_readers(w):
    for language in (None, "en"):
        for words in ("jasmine", "JASMINE", "الياسمين", "ياسمين"):
            contains(_names(w, f"?q={_quoted(words)}", language), "Jasmine Salon", f"found for {words} by {language}")


def search_does_not_mind_how_arabic_is_spelled(w):
    Salon(w, name_ar="مركز أناقة الشرقيّة", name_en="Spelling Salon")
    everybody_knows()
    for words in ("أناقة", "اناقة", "إناقه", "آناقة", "أنـــاقة", "أَنَاقَة", "الشرقية", "الشرقيه", "الشرقيّة", "مركز اناقه"):
        contains(_names(w, f"?q={_quoted(words)}"), "Spelling Salon", f"found for {words}")
    check("Spelling Salon" not in _names(w, f"?q={_quoted('أنيقة')}"), "found for another word")


def search_finds_by_city_in_either_language(w):
    for city in ("Jeddah", "jeddah", "جدة", "جده"):
        names = _names(w, f"?city={_quoted(city)}")
        check("Pearl of Jeddah" in names and "Jasmine Salon" not in names, f"{city}: {names}")


def words_and_city_go_together(w):
    check("Corniche Salon" in _names(w, "?q=salon&city=Jeddah"), "not found in its city")
    check("Corniche Salon" not in _names(w, "?q=corniche&city=Riyadh"), "found in another city")


def what_is_not_there_is_an_empty_list(w):
    equal(w.client().get(PATH + "?q=zzzzqqqq").expect(200).json, {"results": [], "next": None}, "answer")


def odd_searches_find_nothing_or_something_but_never_break(w):
    for words in ("%", "_", "'", "\\", "--", "%25", "(", "[", "*", "ـ", "َ", "\u202e", " ", "a" * 100, "😀", "ﷺ", "' OR 1=1"):
        w.client().get(PATH + f"?q={_quoted(words)}").expect(200)


def a_search_that_is_too_long_is_400(w):
    check("q" in w.client().get(PATH + "?q=" + "a" * 101).expect(400).json, "q is not named")
    check("city" in w.client().get(PATH + "?city=" + "a" * 101).expect(400).json, "city is not named")


def salons_come_best_rated_first(w):
    salons = [Salon(w, rating_hundredths=r, city_en="Rated Town", city_ar="بلدة التقييم") for r in (310, 480, 400)]
    everybody_knows()
    found = [s["id"] for s in everything(w.client(), PATH + "?city=rated%20town")]
    equal(found, [salons[1].id, salons[2].id, salons[0].id], "order")


def lists_come_in_pages_without_gaps_or_twins(w):
    for _ in range(5):
        Salon(w, city_en="Paged Town", city_ar="بلدة الصفحات")
    everybody_knows()
    client = w.client()
    whole = client.get(PATH + "?city=paged%20town").expect(200).json
    equal((len(whole["results"]), whole["next"]), (5, None), "salons and next")
    pages = list(everything(client, PATH + "?city=paged%20town&limit=2"))
    equal(pages, whole["results"], "pages")


def a_page_holds_20_unless_asked_and_100_at_most(w):
    for _ in range(22):
        Salon(w, city_en="Crowded Town", city_ar="بلدة مزدحمة")
    everybody_knows()
    client = w.client()
    first = client.get(PATH + "?city=crowded%20town").expect(200).json
    equal(len(first["results"]), 20, "results")
    check(isinstance(first["next"], str), f"next is {first['next']!r}")
    equal(len(client.get(PATH + "?city=crowded%20town&limit=100").expect(200).json["results"]), 22, "results with limit=100")


def a_cursor_of_another_list_is_400_or_harmless(w):
    client = w.client()
    cursor = client.get(PATH + "?limit=1").expect(200).json["next"]
    salon = Salon(w)
    answer = client.get(f"{PATH}{salon.id}/services/?cursor={cursor}")
    check(answer.status in (200, 400), f"status {answer.status}")


def inactive_salons_are_not_there(w):
    salon, client = Salon(w, name_en="Closed For Good"), w.client()
    everybody_knows()
    equal(_names(w, "?q=closed%20for%20good"), ["Closed For Good"], "found before")
    client.get(f"{PATH}{salon.id}/").expect(200)
    salon.change(active=False)
    everybody_knows()
    equal(_names(w, "?q=closed%20for%20good"), [], "found")
    for path in ("", "services/", "staff/", f"slots/?service={salon.service}&from={at(3, 0)[:10]}&days=1"):
        client.get(f"{PATH}{salon.id}/{path}").expect(404)


# ---- one salon ----

def a_salon_tells_its_hours_place_and_policy(w):
    salon = Salon(w, hours=((600, 780), (960, 1320)), address="King Fahd Road", phone="+966112345678", latitude=24.7, longitude=46.6,
                  cancel_cutoff_minutes=90, notice_minutes=30, horizon_days=45)
    seen = w.client("en").get(f"{PATH}{salon.id}/").expect(200).json
    equal((seen["id"], seen["address"], seen["phone"], seen["timezone"]),
          (salon.id, "King Fahd Road", "+966112345678", "Asia/Riyadh"), "id, address, phone, timezone")
    check(seen.get("opening_hours"), f"no opening hours: {seen}")


def a_salon_that_is_not_there_is_404(w):
    for path in ("", "services/", "staff/", "slots/?service=1&from=2030-01-01&days=1"):
        equal(w.client("en").get(f"{PATH}{10**12}/{path}").expect(404, "request.not_found").json["detail"], "Not found.", "detail")


def services_tell_length_and_price(w):
    salon = Salon(w, duration=45, price=12345)
    salon.add_service(duration=90, price=500, active=False)
    services = list(everything(w.client(), f"{PATH}{salon.id}/services/"))
    equal([(s["id"], s["duration_minutes"], s["price_amount"], s["currency"]) for s in services],
          [(salon.service, 45, 12345, "SAR")], "services")


def services_speak_the_language_of_the_reader(w):
    salon = Salon(w)
    salon.add_service(name_ar="قص شعر", name_en="Haircut")
    for language, name in (("ar", "قص شعر"), ("en", "Haircut")):
        contains(w.client(language).get(f"{PATH}{salon.id}/services/").expect(200).text, name, f"services in {language}")


def staff_tell_their_names_and_what_they_offer(w):
    salon = Salon(w, staff=2)
    other = salon.add_service()
    salon.offer(salon.staff[1], other)
    staff = list(everything(w.client(), f"{PATH}{salon.id}/staff/"))
    equal([(s["id"], sorted(s["services"])) for s in staff],
          [(salon.staff[0], [salon.service]), (salon.staff[1], sorted([salon.service, other]))], "staff")
    check(all("Salma" in str(s) for s in staff), f"no names: {staff}")


def staff_are_not_shown_with_phone_or_email(w):
    salon = Salon(w)
    phone = w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", salon.staff_users[0])
    text = w.client().get(f"{PATH}{salon.id}/staff/").expect(200).text
    check(phone not in text and "email" not in text, f"too much is told: {text}")


def services_and_staff_come_in_pages(w):
    salon = Salon(w, staff=5)
    for _ in range(4):
        salon.add_service()
    client = w.client()
    for what in ("services", "staff"):
        whole = client.get(f"{PATH}{salon.id}/{what}/").expect(200).json["results"]
        equal(len(whole), 5, what)
        equal(list(everything(client, f"{PATH}{salon.id}/{what}/?limit=2")), whole, f"pages of {what}")


# ---- slots ----

def slots_say_zone_times_and_who_is_free(w):
    salon = Salon(w, staff=2, duration=60, hours=((600, 780),), grid_minutes=60)
    answer = salon.slots(w.client()).expect(200).json
    equal(answer["timezone"], "Asia/Riyadh", "timezone")
    equal(answer["slots"], [{"starts_at": at(3, hour), "ends_at": at(3, hour + 1), "staff": salon.staff} for hour in (10, 11, 12)],
          "slots")


def slots_are_on_the_grid_inside_hours_and_windows(w):
    salon = Salon(w, duration=45, hours=((600, 720), (840, 960)), windows=((630, 900),), grid_minutes=15)
    starts = [slot["starts_at"] for slot in salon.slots(w.client()).expect(200).json["slots"]]
    equal(starts, [at(3, 10, 30), at(3, 10, 45), at(3, 11), at(3, 11, 15), at(3, 14), at(3, 14, 15)], "starts")


def slots_leave_out_what_is_booked_with_its_buffers(w):
    salon = Salon(w, duration=30, after=30, hours=((600, 840),), grid_minutes=30)
    w.booker().post("/api/bookings/", salon.booking(at(3, 11, 30))).expect(201)
    starts = [slot["starts_at"] for slot in salon.slots(w.client()).expect(200).json["slots"]]
    equal(starts, [at(3, 10), at(3, 10, 30), at(3, 12, 30), at(3, 13), at(3, 13, 30)], "starts")


def booking_a_slot_removes_it_and_cancelling_brings_it_back(w):
    salon, person = Salon(w, hours=((600, 720),), grid_minutes=30), w.booker()
    before = salon.slots(person).expect(200).json["slots"]
    made = person.post("/api/bookings/", salon.booking(before[1]["starts_at"])).expect(201).json
    equal(salon.slots(person).expect(200).json["slots"], [before[0], *before[2:]], "slots after booking one")
    person.post(f"/api/bookings/{made['id']}/cancel/", {}).expect(200)
    equal(salon.slots(person).expect(200).json["slots"], before, "slots after cancelling it")


def slots_leave_out_time_off_and_take_in_extra_time(w):
    salon = Salon(w, duration=60, hours=((600, 1200),), windows=((600, 720),), grid_minutes=60)
    salon.exception(salon.staff[0], "off", at(3, 10, 30), at(3, 11))
    salon.exception(salon.staff[0], "extra", at(3, 15), at(3, 16))
    equal([slot["starts_at"] for slot in salon.slots(w.client()).expect(200).json["slots"]], [at(3, 11), at(3, 15)], "starts")


def slots_of_one_member_are_asked_for_by_staff(w):
    salon = Salon(w, staff=2, hours=((600, 720),), grid_minutes=60)
    w.booker().post("/api/bookings/", salon.booking(at(3, 10), 0)).expect(201)
    one = salon.slots(w.client(), staff=salon.staff[0]).expect(200).json["slots"]
    two = salon.slots(w.client(), staff=salon.staff[1]).expect(200).json["slots"]
    equal([[s["starts_at"] for s in slots] for slots in (one, two)], [[at(3, 11)], [at(3, 10), at(3, 11)]], "starts")


def slots_keep_to_notice_and_horizon(w):
    salon = Salon(w, notice_minutes=3 * 1440, horizon_days=5)
    slots = salon.slots(w.client(), day=0, days=10).expect(200).json["slots"]
    now = datetime.datetime.now(datetime.timezone.utc)
    check(slots, "no slots")
    check(instant(slots[0]["starts_at"]) >= now + datetime.timedelta(days=3), f"first {slots[0]}")
    check(instant(slots[-1]["starts_at"]) <= now + datetime.timedelta(days=5, seconds=60), f"last {slots[-1]}")


def slots_over_a_clock_change_follow_the_local_time(w):
    """Europe/Berlin turns its clocks twice within any year: days of 23 and 25 hours."""
    salon = Salon(w, timezone="Europe/Berlin", horizon_days=366, duration=60, grid_minutes=60)
    lengths = {}
    for start in range(2, 360, 31):
        for slot in salon.slots(w.client(), day=start, days=31).expect(200).json["slots"]:
            lengths.setdefault(slot["starts_at"][:10], set()).add(slot["starts_at"])
    counts = [len(starts) for _, starts in sorted(lengths.items())][1:-1]
    check(set(counts) <= {22, 23, 24, 25}, f"slots per day: {set(counts)}")
    check(min(counts) < 24 and counts.count(24) > 300, f"no short day: {sorted(set(counts))}")


def each_offered_slot_can_be_booked_and_no_other(w):
    salon = Salon(w, staff=1, duration=40, before=10, after=5, hours=((600, 900),), windows=((615, 870),), grid_minutes=5,
                  notice_minutes=60)
    salon.exception(salon.staff[0], "off", at(3, 12, 20), at(3, 12, 45))
    crowd = iter(w.crowd(64))
    person, booked = next(crowd), 0
    next(crowd).post("/api/bookings/", salon.booking(at(3, 11, 15))).expect(201)
    offered = {slot["starts_at"] for slot in salon.slots(person).expect(200).json["slots"]}
    for minute in range(600, 900, 5):
        start = at(3, minute // 60, minute % 60)
        answer = person.post("/api/bookings/", salon.booking(start))
        equal(answer.status == 201, start in offered, f"booked at {start} ({answer.text[:200]})")
        if answer.status == 201:
            booked += 1
            person.post(f"/api/bookings/{answer.json['id']}/cancel/", {}).expect(200)
    equal(booked, len(offered), "slots booked")
    check(booked > 5, "the day offered too little to show anything")


def each_slot_of_a_demo_day_can_be_booked(w):
    day, crowd = w.catalogue.staff_day(4), w.crowd(64)
    turn = 0
    while True:
        slots = w.client().get(day.slots_path()).expect(200).json["slots"]
        if not slots:
            break
        crowd[turn % 64].post("/api/bookings/", {**day.booking(), "starts_at": slots[0]["starts_at"]}).expect(201)
        turn += 1
    check(turn > 0, "nothing was offered")


def bad_questions_about_slots_are_refused_by_name(w):
    salon, day = Salon(w), at(3, 0)[:10]
    unoffering, stranger, gone = salon.add_staff(), Salon(w).staff[0], salon.add_staff(offers=[salon.service])
    w.db.rows("UPDATE catalogue_staff SET active = false WHERE id = %s", gone)
    good = {"service": salon.service, "from": day, "days": 1}
    for name, value, code in (
            ("service", None, "request.field_required"), ("service", "", "request.bad_query"), ("service", "x", "request.bad_query"),
            ("service", 0, "request.bad_query"), ("service", -1, "request.bad_query"), ("service", 2**63, "request.bad_query"),
            ("service", "1" * 400, "request.bad_query"), ("service", "1.0", "request.bad_query"),
            ("service", 2**63 - 1, "booking.service_unknown"), ("service", Salon(w).service, "booking.service_unknown"),
            ("from", None, "request.field_required"), ("from", "", "request.bad_query"), ("from", "tomorrow", "request.bad_query"),
            ("from", "2030-02-30", "request.bad_query"), ("from", "2030-1-1", "request.bad_query"), ("from", "0000-00-00", "request.bad_query"),
            ("from", "1999-12-31", "request.bad_query"), ("from", "3000-01-01", "request.bad_query"), ("from", "99999-01-01", "request.bad_query"),
            ("from", day + "T00:00:00Z", "request.bad_query"),
            ("days", 0, "request.bad_query"), ("days", 32, "request.bad_query"), ("days", -1, "request.bad_query"),
            ("days", "x", "request.bad_query"), ("days", "", "request.bad_query"), ("days", 2**64, "request.bad_query"),
            ("staff", "x", "request.bad_query"), ("staff", 0, "request.bad_query"), ("staff", "", "request.bad_query"),
            ("staff", 2**63, "request.bad_query"), ("staff", 2**63 - 1, "booking.staff_unknown"), ("staff", gone, "booking.staff_unknown"),
            ("staff", stranger, "booking.staff_elsewhere"), ("staff", unoffering, "booking.staff_not_offering")):
        query = "&".join(f"{n}={_quoted(str(v))}" for n, v in {**good, name: value}.items() if v is not None)
        texts = [w.client(language).get(f"{PATH}{salon.id}/slots/?{query}").expect(400, code).json.get(name) for language in ("ar", "en")]
        check(all(texts), f"{query}: {name} is not named")
        check(any("\u0600" <= c <= "\u06ff" for c in texts[0][0]) and texts[1][0].isascii(), f"{query}: {texts}")


def days_nobody_can_book_are_empty_and_not_refused(w):
    salon, client = Salon(w), w.client()
    for day in ("2000-01-01", "2020-02-29", "2999-12-31"):
        equal(client.get(f"{PATH}{salon.id}/slots/?service={salon.service}&from={day}&days=31").expect(200).json["slots"], [], day)


def ids_that_no_salon_has_are_404(w):
    for salon in (0, 2**31, 2**63 - 1, 2**63, 10**30, -1, "x", "1x", "%31%00"):
        for part in ("", "services/", "staff/", f"slots/?service=1&from={at(3, 0)[:10]}"):
            w.client().get(f"{PATH}{salon}/{part}").expect(404, "request.not_found")


def a_month_of_slots_is_one_question(w):
    answer = Salon(w).slots(w.client(), days=31).expect(200).json
    check(len(answer["slots"]) > 2000, f"only {len(answer['slots'])} slots")
    salon = Salon(w, duration=60, hours=((600, 720),), windows=((600, 720),), grid_minutes=60)
    starts = [slot["starts_at"] for slot in salon.slots(w.client(), days=31).expect(200).json["slots"]]
    equal(starts, [at(3 + day, hour) for day in range(31) for hour in (10, 11)], "starts from the first day to the last")


def a_month_with_a_clock_change_in_it_keeps_the_opening_hours(w):
    """Months of a year ahead, so that the change is early in some and late in others."""
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    salon = Salon(w, timezone=zone.key, horizon_days=366, duration=60, grid_minutes=60, hours=((600, 720),), windows=((600, 720),))
    today = datetime.date.fromisoformat(at(0, 0)[:10])
    for first in range(2, 330, 9):
        slots = salon.slots(w.client(), day=first, days=31).expect(200).json["slots"]
        starts = [instant(slot["starts_at"]).astimezone(zone).replace(tzinfo=None) for slot in slots]
        days = [today + datetime.timedelta(days=first + day) for day in range(31)]
        equal(starts, [datetime.datetime.combine(day, datetime.time(hour)) for day in days for hour in (10, 11)],
              f"starts from day {first} on")
