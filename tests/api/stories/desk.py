"""Managers and staff: who may change what about a salon, and what that does."""
from lib.catalogue import everything
from lib.check import check, equal
from lib.crowd import at_once
from lib.phones import local_part, new_phone
from lib.salons import Salon, at, everybody_knows

SALONS = "/api/salons/"
NEW = {"name_ar": "صالون المكتب", "name_en": "Desk Salon", "city_ar": "أبها", "city_en": "Abha"}
HOURS = [{"weekday": day, "opens": "10:00", "closes": "22:00"} for day in range(7)]
WINDOWS = [{"weekday": day, "starts": "12:00", "ends": "20:00"} for day in range(7)]
SERVICE = {"name_ar": "قص شعر", "name_en": "Haircut", "duration_minutes": 45, "price_amount": 12000}


def _worker_of(w, salon, member=0, language="en"):
    phone = w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", salon.staff_users[member])
    return w.sign_in(phone, language)


def _open(manager, **more):
    return manager.post(SALONS, {**NEW, "opening_hours": HOURS, **more}).expect(201).json


def _snapshot(w):
    tables = ("catalogue_salon", "catalogue_opening", "catalogue_service", "catalogue_staff", "catalogue_staff_service",
              "catalogue_staff_window", "catalogue_staff_exception", "catalogue_room", "catalogue_photo", "catalogue_review",
              "accounts_user")
    return {table: w.db.one(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t") for table in tables}


# ---- who may ----

def _changes(salon):
    """Every change of a salon: (method, path, body)."""
    root, service, staff = f"{SALONS}{salon.id}/", salon.service, salon.staff[0]
    return [
        ("PATCH", root, {"address": "x"}), ("DELETE", root, None),
        ("POST", root + "services/", SERVICE), ("PATCH", f"{root}services/{service}/", {"price_amount": 1}),
        ("DELETE", f"{root}services/{service}/", None),
        ("POST", root + "rooms/", {"name_ar": "غرفة", "name_en": "Room"}), ("PATCH", f"{root}rooms/1/", {"name_en": "x"}),
        ("DELETE", f"{root}rooms/1/", None),
        ("POST", root + "staff/", {"phone_number": "0500000000"}), ("PATCH", f"{root}staff/{staff}/", {"services": []}),
        ("DELETE", f"{root}staff/{staff}/", None),
        ("POST", f"{root}staff/{staff}/exceptions/", {"kind": "off", "starts_at": at(1, 0), "ends_at": at(2, 0)}),
        ("DELETE", f"{root}staff/{staff}/exceptions/1/", None),
        ("DELETE", root + "photos/1/", None),
        ("GET", f"{root}reports/summary/?from={at(0, 0)[:10]}&to={at(1, 0)[:10]}", None),
    ]


def customers_may_change_nothing(w):
    salon, customer = Salon(w), w.somebody("desk customer")
    before = _snapshot(w)
    for language, text in (("en", "You do not have permission to do this."), ("ar", "ليس لديك صلاحية للقيام بذلك.")):
        for method, path, body in _changes(salon) + [("POST", SALONS, NEW)]:
            equal(customer.as_language(language).request(method, path, body).expect(403, "auth.forbidden").json["detail"], text, f"{method} {path}")
    equal(_snapshot(w), before, "the catalogue")


def staff_may_change_nothing_of_their_salon_either(w):
    salon = Salon(w)
    worker, before = _worker_of(w, salon), _snapshot(w)
    for method, path, body in _changes(salon) + [("POST", SALONS, NEW)]:
        worker.request(method, path, body).expect(403, "auth.forbidden")
    equal({**_snapshot(w), "accounts_user": ""}, {**before, "accounts_user": ""}, "the catalogue")


def somebody_elses_salon_is_not_there_for_a_manager(w):
    salon, manager = Salon(w), w.sign_in_manager("en")
    before = _snapshot(w)
    for method, path, body in _changes(salon):
        manager.request(method, path, body).expect(404, "request.not_found")
    equal(_snapshot(w), before, "the catalogue")


def nobody_is_asked_to_log_in_first(w):
    salon = Salon(w)
    for method, path, body in _changes(salon) + [("POST", SALONS, NEW), ("GET", SALONS + "mine/", None)]:
        w.client().request(method, path, body).expect(401, "auth.required")


def an_admin_may_change_every_salon(w):
    salon, admin = Salon(w), w.with_role("admin")
    equal(admin.patch(f"{SALONS}{salon.id}/", {"address": "by an admin"}).expect(200).json["address"], "by an admin", "address")
    admin.patch(f"{SALONS}{salon.id}/services/{salon.service}/", {"price_amount": 7}).expect(200)


# ---- salons ----

def a_manager_opens_a_salon_that_everybody_finds(w):
    manager = w.sign_in_manager("en")
    made = _open(manager, phone="+966 11 234 5678", latitude=24.7136, longitude=46.6753, address="  King Fahd Road ",
                 booking_policy={"grid_minutes": 30, "auto_confirm": False, "cancel_cutoff_minutes": 60})
    equal((made["name"], made["phone"], made["latitude"], made["address"], made["timezone"]),
          ("Desk Salon", "+966112345678", 24.7136, "King Fahd Road", "Asia/Riyadh"), "name, phone, latitude, address, zone")
    equal((made["booking_policy"]["grid_minutes"], made["booking_policy"]["auto_confirm"], made["booking_policy"]["horizon_days"]),
          (30, False, 60), "grid, auto_confirm, and the horizon by default")
    equal(made["opening_hours"], HOURS, "opening hours")
    equal(w.client("en").get(f"{SALONS}{made['id']}/").expect(200).json, made, "the salon for everybody")
    equal(w.db.one("SELECT owner_id FROM catalogue_salon WHERE id = %s", made["id"]), manager.user["id"], "owner")


def a_salon_needs_its_names_and_cities(w):
    manager = w.sign_in_manager("en")
    answer = manager.post(SALONS, {"name_en": " ", "city_ar": "x" * 81}).expect(400, "request.invalid").json
    equal({name: answer[name] for name in NEW}, {
        "name_ar": ["This field is required."], "name_en": ["This field may not be blank."],
        "city_ar": ["This field is too long."], "city_en": ["This field is required."]}, "texts")


def what_is_not_in_a_change_stays(w):
    manager = w.sign_in_manager("en")
    made = _open(manager, address="old", booking_policy={"notice_minutes": 15})
    path = f"{SALONS}{made['id']}/"
    changed = manager.patch(path, {"name_en": "New Name", "booking_policy": {"horizon_days": 30}}).expect(200).json
    equal(changed, {**made, "name": "New Name", "name_en": "New Name",
                    "booking_policy": {**made["booking_policy"], "horizon_days": 30}}, "the salon")
    equal(manager.patch(path, {"opening_hours": []}).expect(200).json["opening_hours"], [], "opening hours")
    equal(manager.patch(path, {}).expect(200).json, {**changed, "opening_hours": []}, "after an empty change")


def a_position_comes_whole_and_can_be_taken_away(w):
    manager = w.sign_in_manager("en")
    path = f"{SALONS}{_open(manager, latitude=21.5, longitude=39.2)['id']}/"
    check("longitude" in manager.patch(path, {"latitude": 1}).expect(400).json, "longitude is not named")
    check("latitude" in manager.patch(path, {"longitude": 1}).expect(400).json, "latitude is not named")
    check("latitude" in manager.patch(path, {"latitude": 90.5, "longitude": 1}).expect(400).json, "latitude is not named")
    taken = manager.patch(path, {"latitude": None, "longitude": None}).expect(200).json
    equal((taken["latitude"], taken["longitude"]), (None, None), "position")


def odd_salons_are_refused_by_the_name_of_the_field(w):
    manager = w.sign_in_manager("en")
    before = w.db.one("SELECT count(*) FROM catalogue_salon")
    for body, field, code in (({"phone": "123"}, "phone", "phone.invalid"), ({"timezone": "Mars/Base"}, "timezone", "catalogue.timezone_unknown"),
                              ({"owner": 10**9}, "owner", "catalogue.owner_unknown"), ({"opening_hours": {}}, "opening_hours", "request.invalid"),
                              ({"booking_policy": {"grid_minutes": 7}}, "booking_policy", "request.invalid"),
                              ({"booking_policy": {"deposit_amount": -1}}, "booking_policy", "request.invalid"),
                              ({"opening_hours": HOURS * 11}, "opening_hours", "request.invalid")):
        check(field in manager.post(SALONS, {**NEW, **body}).expect(400, code).json, f"{field} is not named")
    equal(w.db.one("SELECT count(*) FROM catalogue_salon"), before, "salons")


def a_grid_that_does_not_divide_the_day_is_told_the_rule(w):
    manager = w.sign_in_manager("en")
    for language, text in (("en", "This must divide the 1440 minutes of a day evenly, as 5, 15, 30 and 60 do."),
                           ("ar", "يجب أن تقبل دقائق اليوم (1440) القسمة على هذا الرقم دون باقٍ، مثل 5 أو 15 أو 30 أو 60.")):
        answer = manager.as_language(language).post(SALONS, {**NEW, "booking_policy": {"grid_minutes": 7}}).expect(400, "request.invalid")
        equal(answer.json["booking_policy"], {"grid_minutes": [text]}, "the refusal")


def what_is_read_in_one_line_is_one(w):
    """Names, cities, addresses and short notes stand in lists and on terminals between others' words."""
    salon = Salon(w)
    manager, root = salon.hand_over(), f"{SALONS}{salon.id}/"
    exception = {"kind": "off", "starts_at": at(1, 0), "ends_at": at(2, 0)}
    places = [("POST", SALONS, NEW, ("name_ar", "name_en", "city_ar", "city_en", "address")),
              ("PATCH", root, {}, ("name_ar", "name_en", "city_ar", "city_en", "address")),
              ("POST", root + "services/", SERVICE, ("name_ar", "name_en")),
              ("PATCH", f"{root}services/{salon.service}/", {}, ("name_ar", "name_en")),
              ("POST", root + "rooms/", {"name_ar": "غ", "name_en": "R"}, ("name_ar", "name_en")),
              ("POST", f"{root}staff/{salon.staff[0]}/exceptions/", exception, ("note",))]
    text = {"en": "This must be one line without control characters or marks that turn its direction.",
            "ar": "يجب أن يكون هذا النص سطرًا واحدًا دون محارف تحكم أو علامات تغيّر اتجاهه."}
    for method, path, body, fields in places:
        for wrong in ("a\u0007\u202eb\u001b[31m", "a\nb", "a\u2066b", "a\u0085b"):
            answer = manager.request(method, path, {**body, **{field: wrong for field in fields}}).expect(400, "request.invalid")
            equal({field: answer.json.get(field) for field in fields}, {field: [text["en"]] for field in fields}, f"{method} {path}")
    equal(manager.as_language("ar").patch(root, {"name_en": "a\tb"}).expect(400).json["name_en"], [text["ar"]], "in Arabic")
    equal(manager.patch(root, {"name_ar": " صالون\u200f A\u200e \t"}).expect(200).json["name_ar"], "صالون\u200f A\u200e", "marks that turn nothing stay")
    w.sign_in_manager("en").patch("/api/auth/me/", {"first_name": "a\u202eb"}).expect(400, "account.name_invalid")


def hours_that_cannot_be_are_refused_at_their_place(w):
    def hours(*intervals):
        return {"opening_hours": [{"weekday": d, "opens": o, "closes": c} for d, o, c in intervals]}
    manager = w.sign_in_manager("en")
    path = f"{SALONS}{_open(manager)['id']}/"
    for body, problem in (
            (hours((0, "09:00", "12:00"), (0, "13:00", "12:00")), [{}, {"closes": ["The end must come after the beginning, by a day at most."]}]),
            (hours((0, "09:00", "12:00"), (0, "11:59", "13:00")), [{}, {"closes": ["This overlaps with another interval of the week."]}]),
            (hours((6, "20:00", "26:00"), (0, "01:30", "03:00")), [{}, {"closes": ["This overlaps with another interval of the week."]}]),
            (hours((0, "9:00", "12:00")), [{"opens": ["This value is not in the expected format."]}]),
            (hours((7, "09:00", "12:00")), [{"weekday": ["This value is out of range."]}]),
            ({"opening_hours": [{"weekday": 1}, 5]}, [{"opens": ["This field is required."], "closes": ["This field is required."]},
                                                     {"non_field_errors": ["This field has the wrong type."]}])):
        equal(manager.patch(path, body).expect(400, "request.invalid").json["opening_hours"], problem, "problem")
    whole = hours((6, "20:00", "26:00"), (0, "02:00", "03:00"), (1, "00:00", "24:00"))
    equal(len(manager.patch(path, whole).expect(200).json["opening_hours"]), 3, "intervals")


def refusals_of_parts_are_in_the_language_of_the_reader(w):
    manager = w.sign_in_manager("ar")
    answer = manager.post(SALONS, {**NEW, "opening_hours": [{"weekday": 0, "opens": "12:00", "closes": "11:00"}]}).expect(400)
    equal(answer.json["opening_hours"], [{"closes": ["يجب أن تكون النهاية بعد البداية وبما لا يتجاوز يومًا واحدًا."]}], "text")


def a_salon_is_given_to_another_manager_by_an_admin_only(w):
    first, second, admin = w.sign_in_manager("en"), w.sign_in_manager("en"), w.with_role("admin")
    path = f"{SALONS}{_open(first)['id']}/"
    first.patch(path, {"owner": second.user["id"]}).expect(400, "catalogue.owner_unknown")
    admin.patch(path, {"owner": w.somebody().user["id"]}).expect(400, "catalogue.owner_unknown")
    admin.patch(path, {"owner": second.user["id"]}).expect(200)
    first.patch(path, {"address": "mine?"}).expect(404)
    second.patch(path, {"address": "mine!"}).expect(200)


def a_closed_salon_is_gone_and_its_past_stays(w):
    salon = Salon(w)
    manager, customer = salon.hand_over(), w.booker()
    booking = customer.post("/api/bookings/", salon.booking()).expect(201).json
    refused = manager.delete(f"{SALONS}{salon.id}/").expect(409, "catalogue.has_bookings").json
    equal((refused["detail"], refused["active_bookings"]), ("Active bookings lie ahead. Cancel or move them first.", 1), "refusal")
    equal(manager.as_language("ar").delete(f"{SALONS}{salon.id}/").expect(409).json["detail"], "توجد حجوزات قادمة. ألغها أو انقلها أولًا.", "in Arabic")
    customer.post(f"/api/bookings/{booking['id']}/cancel/").expect(200)
    manager.delete(f"{SALONS}{salon.id}/").expect(204)
    manager.delete(f"{SALONS}{salon.id}/").expect(404)
    manager.patch(f"{SALONS}{salon.id}/", {"address": "x"}).expect(404)
    w.client().get(f"{SALONS}{salon.id}/").expect(404)
    equal(customer.get(f"/api/bookings/{booking['id']}/").expect(200).json["salon"], salon.id, "salon of the past booking")


def everybody_finds_the_salons_that_are_theirs(w):
    salon = Salon(w)
    manager, worker = salon.hand_over(), _worker_of(w, salon)
    other = _open(manager)
    mine = list(everything(manager, SALONS + "mine/?limit=1"))
    equal([(s["id"], s["owned"], s["staff"]) for s in mine], [(salon.id, True, None), (other["id"], True, None)], "the manager's")
    equal([(s["id"], s["owned"], s["staff"]) for s in everything(worker, SALONS + "mine/")], [(salon.id, False, salon.staff[0])], "the worker's")
    equal(list(everything(w.somebody("desk customer"), SALONS + "mine/")), [], "the customer's")


# ---- services and rooms ----

def a_service_is_offered_changed_and_removed(w):
    salon = Salon(w)
    manager = salon.hand_over()
    path = f"{SALONS}{salon.id}/services/"
    made = manager.post(path, {**SERVICE, "buffer_after_minutes": 10}).expect(201).json
    equal((made["name"], made["duration_minutes"], made["buffer_after_minutes"], made["price_amount"], made["currency"], made["rooms"]),
          ("Haircut", 45, 10, 12000, "SAR", []), "the service")
    changed = manager.patch(f"{path}{made['id']}/", {"price_amount": 9900, "name_en": "Cut"}).expect(200).json
    equal(changed, {**made, "price_amount": 9900, "name": "Cut", "name_en": "Cut"}, "after the change")
    check(made["id"] in [s["id"] for s in everything(w.client(), path)], "nobody sees it")
    manager.delete(f"{path}{made['id']}/").expect(204)
    check(made["id"] not in [s["id"] for s in everything(w.client(), path)], "everybody still sees it")
    manager.patch(f"{path}{made['id']}/", {"price_amount": 1}).expect(404)


def a_new_salon_and_all_it_offers_are_in_the_default_currency(w):
    manager = w.sign_in_manager("en")
    there, here = manager.on(w.server(DEFAULT_CURRENCY="KWD")).as_language("en"), manager.on(w.main).as_language("en")
    salon = _open(there)
    equal(salon["booking_policy"]["currency"], "KWD", "the currency of the new salon")
    services = f"{SALONS}{salon['id']}/services/"
    equal(there.post(services, SERVICE).expect(201).json["currency"], "KWD", "the currency of its service")
    # Another default is for salons that come later: one salon has one currency.
    equal(here.post(services, SERVICE).expect(201).json["currency"], "KWD", "the currency of a service after the change")
    equal(_open(here)["booking_policy"]["currency"], "SAR", "the currency of a salon made with the usual setting")
    summary = here.get(f"{SALONS}{salon['id']}/reports/summary/?from={at(0, 0)[:10]}&to={at(1, 0)[:10]}").expect(200).json
    equal(summary["revenue"]["currency"], "KWD", "the currency of the report")


def a_service_of_another_salon_is_not_there(w):
    salon, other = Salon(w), Salon(w)
    manager = salon.hand_over()
    manager.patch(f"{SALONS}{salon.id}/services/{other.service}/", {"price_amount": 1}).expect(404)
    manager.delete(f"{SALONS}{salon.id}/services/{other.service}/").expect(404)
    manager.delete(f"{SALONS}{salon.id}/staff/{other.staff[0]}/").expect(404)


def what_active_bookings_need_is_not_removed(w):
    salon = Salon(w, staff=2)
    manager, customer = salon.hand_over(), w.booker()
    booking = customer.post("/api/bookings/", salon.booking()).expect(201).json
    for part in (f"services/{salon.service}/", f"staff/{salon.staff[0]}/"):
        equal(manager.delete(f"{SALONS}{salon.id}/{part}").expect(409, "catalogue.has_bookings").json["active_bookings"], 1, part)
    manager.delete(f"{SALONS}{salon.id}/staff/{salon.staff[1]}/").expect(204)
    customer.post(f"/api/bookings/{booking['id']}/cancel/").expect(200)
    for part in (f"services/{salon.service}/", f"staff/{salon.staff[0]}/"):
        manager.delete(f"{SALONS}{salon.id}/{part}").expect(204)


def odd_services_are_refused_by_the_name_of_the_field(w):
    salon = Salon(w)
    manager = salon.hand_over()
    answer = manager.post(f"{SALONS}{salon.id}/services/", {"name_ar": "x", "duration_minutes": 4, "price_amount": -1,
                                                           "buffer_before_minutes": 241}).expect(400, "request.invalid").json
    equal(sorted(set(answer) - {"code", "request_id"}), ["buffer_before_minutes", "duration_minutes", "name_en", "price_amount"], "fields")
    manager.post(f"{SALONS}{salon.id}/services/", {**SERVICE, "rooms": [10**9]}).expect(400, "catalogue.room_unknown")
    equal(manager.post(f"{SALONS}{salon.id}/services/", {**SERVICE, "rooms": [1, "x"]}).expect(400).json["rooms"],
          {"1": ["This field has the wrong type."]}, "rooms")


def rooms_are_kept_and_named_by_services(w):
    salon, other = Salon(w), Salon(w)
    manager, worker, stranger = salon.hand_over(), _worker_of(w, salon), other.hand_over()
    path = f"{SALONS}{salon.id}/rooms/"
    room = manager.post(path, {"name_ar": "غرفة", "name_en": "Room"}).expect(201).json
    equal(manager.patch(f"{path}{room['id']}/", {"name_en": "Quiet room"}).expect(200).json["name"], "Quiet room", "name")
    equal([r["name_ar"] for r in everything(worker, path)], ["غرفة"], "rooms for those who work there")
    w.somebody("desk customer").get(path).expect(403)
    stranger.get(path).expect(404)
    service = manager.post(f"{SALONS}{salon.id}/services/", {**SERVICE, "rooms": [room["id"]]}).expect(201).json
    equal(service["rooms"], [room["id"]], "rooms of the service")
    theirs = stranger.post(f"{SALONS}{other.id}/rooms/", {"name_ar": "غ", "name_en": "R"}).expect(201).json
    manager.patch(f"{SALONS}{salon.id}/services/{service['id']}/", {"rooms": [theirs["id"]]}).expect(400, "catalogue.room_unknown")
    manager.delete(f"{path}{room['id']}/").expect(204)
    equal(list(everything(manager, path)), [], "rooms")
    equal(manager.patch(f"{SALONS}{salon.id}/services/{service['id']}/", {"price_amount": 1}).expect(200).json["rooms"], [], "rooms of the service")


# ---- staff ----

def somebody_new_is_taken_on_by_phone_and_logs_in_with_it(w):
    salon = Salon(w)
    manager, phone = salon.hand_over(), new_phone()
    made = manager.post(f"{SALONS}{salon.id}/staff/", {"phone_number": "0" + local_part(phone), "first_name": "سلمى", "last_name": "الحربي",
                                                      "services": [salon.service], "windows": WINDOWS}).expect(201).json
    equal((made["display_name"], made["phone_number"], made["services"], made["windows"]),
          ("سلمى الحربي", phone, [salon.service], WINDOWS), "name, phone, services, windows")
    row = w.user_row(phone)
    equal((row["role"], row["is_phone_verified"], row["id"]), ("staff", False, made["user"]), "role, verified, id")
    worker = w.sign_in(phone)
    equal((worker.user["role"], worker.user["id"]), ("staff", made["user"]), "role and id after logging in")
    check(salon.slots(w.client(), staff=made["id"]).expect(200).json["slots"], "nothing can be booked with her")
    w.booker().post("/api/bookings/", {**salon.booking(), "staff": made["id"]}).expect(201)


def a_customer_becomes_staff_and_keeps_her_own_names(w):
    salon, customer = Salon(w), w.sign_in(first_name="Noura")
    manager = salon.hand_over()
    made = manager.post(f"{SALONS}{salon.id}/staff/", {"phone_number": customer.phone, "first_name": "Somebody"}).expect(201).json
    equal((made["user"], made["display_name"]), (customer.user["id"], "Noura"), "user and name")
    equal(customer.get("/api/auth/me/").expect(200).json["role"], "staff", "role")


def a_manager_who_is_taken_on_stays_a_manager(w):
    salon, other = Salon(w), w.sign_in_manager("en")
    made = salon.hand_over().post(f"{SALONS}{salon.id}/staff/", {"phone_number": other.phone, "first_name": "Huda"}).expect(201).json
    equal(other.get("/api/auth/me/").expect(200).json["role"], "manager", "role")
    equal([s["staff"] for s in everything(other, SALONS + "mine/")], [made["id"]], "works there as")


def whom_customers_are_to_see_has_a_name(w):
    """In its place they would be shown her phone number, which nobody gave them."""
    salon, nameless = Salon(w), w.sign_in()
    manager, path = salon.hand_over(), f"{SALONS}{salon.id}/staff/"
    for phone in (new_phone(), nameless.phone):
        answer = manager.post(path, {"phone_number": phone, "first_name": "  "}).expect(400, "catalogue.staff_unnamed")
        check("first_name" in answer.json, answer.text)
        equal(w.db.one("SELECT count(*) FROM catalogue_staff WHERE salon_id = %s", salon.id), 1, "members")
    equal(nameless.get("/api/auth/me/").expect(200).json["role"], "customer", "role")
    equal(manager.post(path, {"phone_number": nameless.phone, "first_name": "Huda"}).expect(201).json["display_name"], "Huda", "name")
    everybody_knows()
    check("+966" not in w.client().get(path).expect(200).text, "a phone number is shown to everybody")


def nobody_is_taken_on_twice_but_may_come_back(w):
    salon, phone = Salon(w), new_phone()
    manager, path = salon.hand_over(), f"{SALONS}{salon.id}/staff/"
    made = manager.post(path, {"phone_number": phone, "first_name": "Sara", "services": [salon.service]}).expect(201).json
    for language, text in (("en", "This person works at this salon already."), ("ar", "هذا الشخص يعمل في هذا الصالون بالفعل.")):
        equal(manager.as_language(language).post(path, {"phone_number": phone}).expect(409, "catalogue.already_staff").json["detail"], text, "detail")
    manager.delete(f"{path}{made['id']}/").expect(204)
    check(made["id"] not in [s["id"] for s in everything(w.client(), path)], "she is still shown")
    manager.get(f"{path}{made['id']}/").expect(404)
    equal(manager.post(path, {"phone_number": phone, "services": [], "windows": WINDOWS}).expect(201).json,
          {**made, "services": [], "windows": WINDOWS}, "who came back")


def odd_staff_are_refused_and_nobody_is_made(w):
    salon = Salon(w)
    manager, path = salon.hand_over(), f"{SALONS}{salon.id}/staff/"
    before = w.db.one("SELECT count(*) FROM accounts_user")
    for body, field, code in (({"phone_number": "123"}, "phone_number", "phone.invalid"), ({}, "phone_number", "request.invalid"),
                              ({"phone_number": new_phone(), "services": [10**9]}, "services", "booking.service_unknown"),
                              ({"phone_number": new_phone(), "services": [Salon(w).service]}, "services", "booking.service_unknown"),
                              ({"phone_number": new_phone(), "first_name": "a\u0007"}, "first_name", "account.name_invalid"),
                              ({"phone_number": new_phone(), "windows": [{"weekday": 0, "starts": "10:00", "ends": "10:00"}]}, "windows", "request.invalid")):
        check(field in manager.post(path, body).expect(400, code).json, f"{field} is not named")
    # (one salon and its people were made by this story meanwhile)
    equal(w.db.one("SELECT count(*) FROM accounts_user"), before + 2, "accounts")


def what_a_member_offers_and_when_is_replaced(w):
    salon = Salon(w)
    manager, path = salon.hand_over(), f"{SALONS}{salon.id}/staff/{salon.staff[0]}/"
    other = salon.add_service()
    before = manager.get(path).expect(200).json
    changed = manager.patch(path, {"services": [other, other]}).expect(200).json
    equal(changed, {**before, "services": [other]}, "after other services")
    equal(manager.patch(path, {"windows": WINDOWS[:2]}).expect(200).json, {**changed, "windows": WINDOWS[:2]}, "after other windows")
    salon.slots(w.client(), staff=salon.staff[0]).expect(400, "booking.staff_not_offering")


def a_member_sees_herself_and_nobody_else(w):
    salon = Salon(w, staff=2)
    worker = _worker_of(w, salon)
    equal(worker.get(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/").expect(200).json["user"], worker.user["id"], "user")
    worker.get(f"{SALONS}{salon.id}/staff/{salon.staff[1]}/").expect(404)
    worker.get(f"{SALONS}{Salon(w).id}/staff/{salon.staff[0]}/").expect(404)
    w.somebody("desk customer").get(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/").expect(403)


# ---- time off ----

def time_off_takes_the_slots_away_and_names_the_bookings_in_its_way(w):
    salon = Salon(w)
    manager, worker, customer = salon.hand_over(), _worker_of(w, salon), w.booker()
    booking = customer.post("/api/bookings/", salon.booking(at(3, 12))).expect(201).json
    path = f"{SALONS}{salon.id}/staff/{salon.staff[0]}/exceptions/"
    made = manager.post(path, {"kind": "off", "starts_at": at(3, 10), "ends_at": at(3, 18), "note": "ill"}).expect(201).json
    equal((made["clashing_bookings"], made["starts_at"], made["note"]), ([booking["id"]], at(3, 10), "ill"), "clashing, start, note")
    starts = [s["starts_at"] for s in salon.slots(w.client()).expect(200).json["slots"]]
    check(not [s for s in starts if at(3, 10) <= s < at(3, 18)], f"offered: {starts}")
    equal(customer.get(f"/api/bookings/{booking['id']}/").expect(200).json["status"], "confirmed", "status of the booking in the way")
    seen = list(everything(worker, path))
    equal(seen, [{name: value for name, value in made.items() if name != "clashing_bookings"}], "what she sees")
    manager.delete(f"{path}{made['id']}/").expect(204)
    manager.delete(f"{path}{made['id']}/").expect(404)
    equal(list(everything(manager, path)), [], "exceptions")


def extra_hours_make_slots(w):
    salon = Salon(w, windows=((600, 660),))
    manager = salon.hand_over()
    manager.post(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/exceptions/",
                 {"kind": "extra", "starts_at": at(3, 20), "ends_at": at(3, 21)}).expect(201)
    check(at(3, 20) in [s["starts_at"] for s in salon.slots(w.client()).expect(200).json["slots"]], "no slot at 20:00")


def odd_exceptions_are_refused(w):
    salon = Salon(w)
    manager = salon.hand_over()
    path = f"{SALONS}{salon.id}/staff/{salon.staff[0]}/exceptions/"
    for body, field, code in (({"kind": "maybe", "starts_at": at(1, 0), "ends_at": at(2, 0)}, "kind", "request.invalid"),
                              ({"kind": "off", "starts_at": at(1, 0)}, "ends_at", "request.invalid"),
                              ({"kind": "off", "starts_at": at(2, 0), "ends_at": at(2, 0)}, "ends_at", "catalogue.times_backward"),
                              ({"kind": "off", "starts_at": at(0, 0), "ends_at": at(367, 0)}, "ends_at", "catalogue.times_backward")):
        check(field in manager.post(path, body).expect(400, code).json, f"{field} is not named")
    manager.post(f"{SALONS}{salon.id}/staff/{10**9}/exceptions/", {"kind": "off", "starts_at": at(1, 0), "ends_at": at(2, 0)}).expect(404)


# ---- caps ----

def there_are_caps(w):
    salon = Salon(w)
    manager = salon.hand_over()
    w.db.rows("INSERT INTO catalogue_room (salon_id, name_ar, name_en) SELECT %s, 'غ', 'R' FROM generate_series(1, 200)", salon.id)
    manager.post(f"{SALONS}{salon.id}/rooms/", {"name_ar": "غ", "name_en": "R"}).expect(409, "catalogue.too_many")
    w.db.rows("INSERT INTO catalogue_service (salon_id, duration_minutes, price_amount, currency, name_ar, name_en) "
              "SELECT %s, 30, 1, 'SAR', 'خ', 'S' FROM generate_series(1, 499)", salon.id)
    manager.post(f"{SALONS}{salon.id}/services/", SERVICE).expect(409, "catalogue.too_many")
    w.db.rows("INSERT INTO catalogue_staff_exception (staff_id, kind, starts_at, ends_at) SELECT %s, 'off', now() + n * interval '1 day', "
              "now() + n * interval '1 day' + interval '1 hour' FROM generate_series(40, 539) n", salon.staff[0])
    manager.post(f"{SALONS}{salon.id}/staff/{salon.staff[0]}/exceptions/",
                 {"kind": "off", "starts_at": at(1, 0), "ends_at": at(2, 0)}).expect(409, "catalogue.too_many")


# ---- twins ----

def two_managers_at_once_take_one_person_on_once(w):
    salon, phone = Salon(w), new_phone()
    manager = salon.hand_over()
    answers = at_once(range(8), lambda _: manager.on(w.main).post(f"{SALONS}{salon.id}/staff/", {"phone_number": phone, "first_name": "Sara"}).status)
    equal(sorted(answers), [201] + [409] * 7, "statuses")
    equal(w.db.one("SELECT count(*) FROM catalogue_staff s JOIN accounts_user u ON u.id = s.user_id WHERE u.phone_number = %s", phone), 1, "rows")


# ---- the same request again ----

def _creations(salon):
    """Every creation with JSON: (path, body, table whose rows count its effects)."""
    root = f"{SALONS}{salon.id}/"
    return [(SALONS, {**NEW, "opening_hours": HOURS, "latitude": 24.7136, "longitude": 46.6753}, "catalogue_salon"),
            (root + "services/", SERVICE, "catalogue_service"), (root + "rooms/", {"name_ar": "غ", "name_en": "R"}, "catalogue_room"),
            (root + "staff/", {"phone_number": new_phone(), "first_name": "Sara", "windows": WINDOWS}, "catalogue_staff"),
            (f"{root}staff/{salon.staff[0]}/exceptions/", {"kind": "off", "starts_at": at(1, 0), "ends_at": at(2, 0)}, "catalogue_staff_exception")]


def a_key_makes_one_of_twins_and_answers_all_alike(w):
    salon = Salon(w)
    manager = salon.hand_over()
    for path, body, table in _creations(salon):
        before = w.db.one(f"SELECT count(*) FROM {table}")
        key = {"Idempotency-Key": f"story {path}".replace(" ", "-")}
        answers = at_once(range(8), lambda _: manager.on(w.main).post(path, body, headers=key).expect(201))
        equal(len({answer.body for answer in answers}), 1, f"different answers of {path}")
        equal(sum(answer.header("Idempotency-Replayed") == "true" for answer in answers), 7, f"replays of {path}")
        equal(w.db.one(f"SELECT count(*) FROM {table}"), before + 1, f"rows of {table}")
        again = manager.as_language("ar").post(path, body, headers=key).expect(201)
        equal(again.body, answers[0].body, f"the answer of {path} to one who speaks another language now")
        manager.post(path, {**body, "more": 1}, headers=key).expect(422, "idempotency.key_reused")


def a_refusal_is_not_kept_under_its_key(w):
    salon = Salon(w)
    manager, path, key = salon.hand_over(), f"{SALONS}{salon.id}/services/", {"Idempotency-Key": "story-refused"}
    body = {**SERVICE, "rooms": [w.db.one("SELECT coalesce(max(id), 0) + 1 FROM catalogue_room")]}
    manager.post(path, body, headers=key).expect(400, "catalogue.room_unknown")
    made = manager.post(f"{SALONS}{salon.id}/rooms/", {"name_ar": "غ", "name_en": "R"}).expect(201).json
    if made["id"] == body["rooms"][0]:
        manager.post(path, body, headers=key).expect(201)
    manager.post(path, SERVICE, headers={"Idempotency-Key": "a b"}).expect(400, "idempotency.key_invalid")
