"""A salon's days as its people see them, and what they came to."""
from lib.check import check, equal
from lib.salons import Salon, at

SALONS = "/api/salons/"


def _people(w, salon):
    manager = w.sign_in(language="en")
    w.db.rows("UPDATE accounts_user SET role = 'manager' WHERE id = %s", manager.user["id"])
    salon.change(owner_id=manager.user["id"])
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
                            "earned_amount": 10000, "expected_amount": 10000, "fees_amount": 2500}, "revenue")
    equal([(s["id"], s["bookings"], s["price_amount"], s["booked_minutes"], s["open_minutes"], s["load"]) for s in seen["staff"]],
          [(salon.staff[0], 2, 20000, 120, 600, 0.2), (salon.staff[1], 1, 10000, 60, 420, 0.143)], "staff")
    empty = _summary(manager, salon, 10, 16).expect(200).json
    equal((empty["bookings"], [s["open_minutes"] for s in empty["staff"]]), (none, [4200, 4200]), "a week without bookings")
