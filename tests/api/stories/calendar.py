"""A salon's days as its people see them, and what they came to."""
import datetime
import zoneinfo
from random import Random

from lib.check import check, equal
from lib.salons import Salon, at

SALONS = "/api/salons/"
NO_PAYMENTS = dict.fromkeys(("none", "initiated", "authorized", "paid", "captured", "partially_refunded", "refunded", "voided", "failed", "unknown"), 0)


def _people(w, salon):
    manager = salon.hand_over()
    worker = w.sign_in(w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", salon.staff_users[0]), "en")
    return manager, worker


def _calendar(client, salon, day=3, days=1):
    return client.get(f"{SALONS}{salon.id}/calendar/?from={at(day, 0)[:10]}&days={days}")


def _summary(client, salon, first=3, last=3):
    return client.get(f"{SALONS}{salon.id}/reports/summary/?from={at(first, 0)[:10]}&to={at(last, 0)[:10]}")


def a_manager_sees_everybodys_day(w):
    salon = Salon(w, staff=2, windows=((600, 1200),))
    manager, _ = _people(w, salon)
    salon.exception(salon.staff[1], "off", at(3, 14), at(3, 16))
    salon.exception(salon.staff[1], "extra", at(3, 21), at(3, 22))
    first = w.sign_in(first_name="Noura").post("/api/bookings/", salon.booking(at(3, 12), notes="n" * 150)).expect(201).json
    second = w.booker().post("/api/bookings/", salon.booking(at(3, 11), staff=1)).expect(201).json
    w.booker().post("/api/bookings/", salon.booking(at(4, 11), staff=1)).expect(201)
    seen = _calendar(manager, salon).expect(200).json
    equal((seen["timezone"], seen["from"], seen["days"], seen["truncated"]), ("Asia/Riyadh", at(3, 0)[:10], 1, False), "the frame")
    equal([(line["id"], [b["id"] for b in line["bookings"]]) for line in seen["staff"]],
          [(salon.staff[0], [first["id"]]), (salon.staff[1], [second["id"]])], "lines")
    booking, line = seen["staff"][0]["bookings"][0], seen["staff"][1]
    equal((booking["starts_at"], booking["ends_at"], booking["status"], booking["service_name"], booking["customer_name"], booking["notes"]),
          (at(3, 12), at(3, 12, 30), "confirmed", "Service", "Noura", "n" * 100), "booking")
    equal((line["time_off"], line["extra_hours"]), ([{"starts_at": at(3, 14), "ends_at": at(3, 16)}],
                                                    [{"starts_at": at(3, 21), "ends_at": at(3, 22)}]), "time off and extra hours")
    equal(line["windows"][0], {"weekday": 0, "starts": "10:00", "ends": "20:00"}, "first window")


def those_who_work_there_see_their_own_line(w):
    salon = Salon(w, staff=2)
    _, worker = _people(w, salon)
    mine = w.booker().post("/api/bookings/", salon.booking(at(3, 12))).expect(201).json
    w.booker().post("/api/bookings/", salon.booking(at(3, 12), staff=1)).expect(201)
    seen = _calendar(worker, salon).expect(200).json
    equal([(line["id"], [b["id"] for b in line["bookings"]]) for line in seen["staff"]], [(salon.staff[0], [mine["id"]])], "lines")


def others_see_nothing(w):
    salon = Salon(w)
    manager, worker = _people(w, salon)
    other = Salon(w)
    stranger, _ = _people(w, other)
    for ask in (_calendar, _summary):
        ask(w.client(), salon).expect(401)
        ask(w.somebody("desk customer"), salon).expect(403, "auth.forbidden")
        ask(stranger, salon).expect(404, "request.not_found")
        ask(w.with_role("admin"), salon).expect(200)
        ask(manager, salon).expect(200)
    _calendar(worker, other).expect(404)
    _summary(worker, salon).expect(403, "auth.forbidden")
    w.db.rows("UPDATE catalogue_staff SET active = false WHERE id = %s", salon.staff[0])
    _calendar(worker, salon).expect(404)


def cancelled_bookings_leave_the_calendar_and_who_left_stays_while_needed(w):
    salon = Salon(w, staff=2)
    manager, _ = _people(w, salon)
    customer = w.booker()
    gone = customer.post("/api/bookings/", salon.booking(at(3, 12))).expect(201).json
    customer.post("/api/bookings/", salon.booking(at(3, 12), staff=1)).expect(201)
    customer.post(f"/api/bookings/{gone['id']}/cancel/").expect(200)
    w.db.rows("UPDATE catalogue_staff SET active = false WHERE salon_id = %s", salon.id)
    equal([(line["id"], len(line["bookings"])) for line in _calendar(manager, salon).expect(200).json["staff"]], [(salon.staff[1], 1)], "lines")


def a_booking_over_midnight_is_in_both_days(w):
    salon = Salon(w, duration=120)
    manager, _ = _people(w, salon)
    w.booker().post("/api/bookings/", salon.booking(at(3, 23))).expect(201)
    for day, count in ((2, 0), (3, 1), (4, 1), (5, 0)):
        equal(len(_calendar(manager, salon, day).expect(200).json["staff"][0]["bookings"]), count, f"bookings on day {day}")


def odd_days_are_refused(w):
    salon = Salon(w)
    manager, _ = _people(w, salon)
    for query, field in (("", "from"), ("from=2026-02-30", "from"), ("from=2026-03-01&days=0", "days"), ("from=2026-03-01&days=32", "days")):
        check(field in manager.get(f"{SALONS}{salon.id}/calendar/?{query}").expect(400).json, f"{field} is not named")
    for query, field in (("to=2026-03-01", "from"), ("from=2026-03-01", "to"), ("from=2026-03-02&to=2026-03-01", "to"),
                         ("from=2026-03-01&to=2027-03-02", "to")):
        check(field in manager.get(f"{SALONS}{salon.id}/reports/summary/?{query}").expect(400).json, f"{field} is not named")


def a_report_sums_bookings_money_and_load(w):
    salon = Salon(w, staff=2, duration=60, price=10000, windows=((600, 1200),), late_cancel_fee_amount=2500, cancel_cutoff_minutes=43200)
    manager, _ = _people(w, salon)
    customer = w.booker()
    ids = [customer.post("/api/bookings/", salon.booking(at(3, hour))).expect(201).json["id"] for hour in (10, 12, 14)]
    other = w.booker().post("/api/bookings/", salon.booking(at(3, 10), staff=1)).expect(201).json["id"]
    customer.post(f"/api/bookings/{ids[0]}/cancel/").expect(200)
    for booking, status in ((ids[1], "completed"), (other, "no_show")):
        w.db.rows("UPDATE bookings_booking SET status = %s WHERE id = %s", status, booking)
    salon.exception(salon.staff[1], "off", at(3, 12), at(3, 15))
    seen = _summary(manager, salon).expect(200).json
    none = dict.fromkeys(("held", "pending", "confirmed", "completed", "cancelled", "no_show", "expired"), 0)
    equal(seen["bookings"], {**none, "cancelled": 1, "completed": 1, "confirmed": 1, "no_show": 1}, "bookings")
    equal(seen["revenue"], {"currency": "SAR", "by_booking_status": {**none, "cancelled": 10000, "completed": 10000, "confirmed": 10000, "no_show": 10000},
                            "by_payment_status": {**NO_PAYMENTS, "none": 20000}, "earned_amount": 10000, "expected_amount": 10000, "fees_amount": 2500}, "revenue")
    equal([(s["id"], s["bookings"], s["price_amount"], s["booked_minutes"], s["open_minutes"], s["load"]) for s in seen["staff"]],
          [(salon.staff[0], 2, 20000, 120, 600, 0.2), (salon.staff[1], 1, 10000, 60, 420, 0.143)], "staff")
    empty = _summary(manager, salon, 10, 16).expect(200).json
    equal((empty["bookings"], [s["open_minutes"] for s in empty["staff"]]), (none, [4200, 4200]), "a week without bookings")


def a_report_tells_what_payments_tell(w):
    """The payments' port, filled by a fake for as long as this story lasts."""
    salon = Salon(w, price=10000)
    manager, _ = _people(w, salon)
    ids = [w.booker().post("/api/bookings/", salon.booking(at(3, hour))).expect(201).json["id"] for hour in (10, 12, 14, 16)]
    w.db.rows("UPDATE bookings_booking SET status = 'cancelled' WHERE id IN (%s, %s)", ids[2], ids[3])
    was = w.db.one("SELECT pg_get_viewdef('booking_payment')")
    fake = "CREATE OR REPLACE VIEW booking_payment AS SELECT b.id AS booking_id, s.status, s.amount FROM (VALUES %s) s (booking, status, amount) " \
           "JOIN bookings_booking b ON b.id = s.booking"
    payments = ((ids[0], "paid", 6000), (ids[0], "captured", 4000), (ids[2], "refunded", 10000))
    w.db.rows(fake % ", ".join(f"({booking}::bigint, '{status}'::text, {amount}::bigint)" for booking, status, amount in payments))
    try:
        seen = _summary(manager, salon).expect(200).json
    finally:
        w.db.rows("CREATE OR REPLACE VIEW booking_payment AS " + was)
    equal(seen["revenue"]["by_payment_status"], {**NO_PAYMENTS, "paid": 6000, "captured": 4000, "refunded": 10000, "none": 10000}, "by payment")
    equal(seen["bookings"]["confirmed"], 2, "confirmed bookings (one of them with two payments)")


# ---- against a computation of our own ----

def _minutes(zone, first, last, weekly, extra=(), off=(), within=None):
    """The minutes (since 1970) of local days that weekly intervals and extra times cover, minute by minute."""
    def utc(day, minute):
        local = datetime.datetime.combine(day, datetime.time(), zone) + datetime.timedelta(minutes=minute)
        return int(local.timestamp()) // 60
    starts, ends = utc(first, 0), utc(last, 1440)
    covered = set()
    day = first - datetime.timedelta(days=1)
    while day <= last:
        for weekday, begin, end in weekly:
            if weekday == (day.weekday() + 1) % 7:
                covered.update(range(utc(day, begin), utc(day, end)))
        day += datetime.timedelta(days=1)
    for times, add in ((extra, True), (off, False)):
        for begin, end in times:
            span = range(int(begin.timestamp()) // 60, int(end.timestamp()) // 60)
            covered = covered | set(span) if add else covered - set(span)
    return {m for m in covered if starts <= m < ends and (within is None or m in within)}


def reports_agree_with_a_count_minute_by_minute(w):
    """Random salons in four zones, on days when clocks change and when they do not."""
    random = Random(20260301)
    for name, days in (("Asia/Riyadh", ("2027-03-28",)), ("Europe/Berlin", ("2027-03-28", "2027-10-31")),
                       ("America/New_York", ("2027-03-14", "2027-11-07")), ("Australia/Lord_Howe", ("2027-04-04", "2027-10-03"))):
        zone = zoneinfo.ZoneInfo(name)
        for text in days:
            changing = datetime.date.fromisoformat(text)
            first, last = changing - datetime.timedelta(days=random.randrange(3)), changing + datetime.timedelta(days=random.randrange(3))
            _judge_report(w, random, name, zone, first, last)


def _judge_report(w, random, name, zone, first, last):
    def moment(hours):
        return datetime.datetime.combine(first, datetime.time(12), zone).astimezone(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    # Nothing begins or ends between 00:30 and 04:00, where a local time may come twice or never.
    edges = [0, *range(240, 1440, 30)]
    salon = Salon(w, staff=3, hours=(), windows=(), timezone=name)
    manager, _ = _people(w, salon)
    hours, expected = [], {}
    for weekday in range(7):
        begin = random.choice(edges[:-8])
        hours.append((weekday, begin, begin + random.choice([480, 720, 1440])))
    for weekday, begin, end in hours:
        if 1440 + 30 < end < 1440 + 240:
            end = 1440 + 240
        expected[weekday] = (weekday, begin, min(end, begin + 1440))
        w.db.rows("INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute) VALUES (%s, %s, %s, %s)", salon.id, *expected[weekday])
    open_minutes = _minutes(zone, first, last, expected.values())
    want, counted = [], {}
    for staff in salon.staff:
        windows = [(d, b, b + random.choice([240, 480])) for d in range(7) for b in [random.choice([240, 360, 480])]]
        for window in windows:
            w.db.rows("INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute) VALUES (%s, %s, %s, %s)", staff, *window)
        times = {"extra": [], "off": []}
        for kind in ("extra", "off", "off"):
            begin = random.randrange(-40, 60)
            times[kind].append((moment(begin), moment(begin + random.randrange(1, 12))))
            salon.exception(staff, kind, *times[kind][-1])
        free = _minutes(zone, first, last, windows, times["extra"], times["off"], open_minutes)
        booked, number, price = 0, 0, 0
        for n in range(random.randrange(6, 12)):
            begin, length = moment(-60 + 13 * n), random.choice([30, 45])
            status = random.choice(["pending", "confirmed", "completed", "no_show", "cancelled", "expired"])
            amount, fee = random.randrange(1, 50000), random.choice([0, 2500])
            w.db.rows("INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, ends_at, claimed, status, price_amount, "
                      "currency, cancel_cutoff_minutes, late_cancel_fee_amount, no_show_fee_amount, deposit_amount, fee_amount) VALUES "
                      "(%s, %s, %s, %s, %s, %s, tstzrange(%s, %s), %s, %s, 'SAR', 0, 0, 0, 0, %s)", salon.id, salon.service, staff, manager.user["id"],
                      begin, begin + datetime.timedelta(minutes=length), begin, begin + datetime.timedelta(minutes=length), status, amount, fee)
            if first <= begin.astimezone(zone).date() <= last:
                sums = counted.setdefault(status, [0, 0, 0])
                counted[status] = [sums[0] + 1, sums[1] + amount, sums[2] + fee]
                if status in ("pending", "confirmed", "completed", "no_show"):
                    booked, number, price = booked + length, number + 1, price + amount
        want.append((staff, number, price, booked, len(free)))
    seen = manager.get(f"{SALONS}{salon.id}/reports/summary/?from={first}&to={last}").expect(200).json
    what = f"{name} {first} to {last}"
    equal([(s["id"], s["bookings"], s["price_amount"], s["booked_minutes"], s["open_minutes"]) for s in seen["staff"]], want, f"staff, {what}")
    for status in seen["bookings"]:
        number, amount, _ = counted.get(status, [0, 0, 0])
        equal((seen["bookings"][status], seen["revenue"]["by_booking_status"][status]), (number, amount), f"{status}, {what}")
    equal(seen["revenue"]["fees_amount"], sum(sums[2] for sums in counted.values()), f"fees, {what}")
    shown = manager.get(f"{SALONS}{salon.id}/calendar/?from={first}&days={(last - first).days + 1}").expect(200).json
    equal(sum(len(line["bookings"]) for line in shown["staff"]),
          w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s AND status NOT IN ('cancelled', 'expired') AND starts_at < %s AND ends_at > %s",
                   salon.id, datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time(), zone),
                   datetime.datetime.combine(first, datetime.time(), zone)), f"bookings in the calendar, {what}")
