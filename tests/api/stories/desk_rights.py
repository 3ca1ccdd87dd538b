"""Who may do what at the desk: every operation, asked by everybody, against one table.

The table says what the contract says: absent token 401; wrong role 403; somebody else's object 404."""
from lib.check import check, equal
from lib.images import png
from lib.phones import new_phone
from lib.salons import Salon, at

CALLERS = ("nobody", "customer", "staff", "staff elsewhere", "manager", "manager elsewhere", "admin")
OFFICE = (401, 403, 403, 403, "ok", 404, "ok")        # those who run this salon
FLOOR = (401, 403, "ok", 404, "ok", 404, "ok")        # and those who work there
MANAGERS = (401, 403, 403, 403, "ok", "ok", "ok")     # of whatever salon
PEOPLE = (401, "ok", "ok", "ok", "ok", "ok", "ok")
AUTHOR = (401, "ok", 404, 404, 404, 404, 404)         # whose booking it was
PUBLIC = ("ok",) * 7
CODES = {401: "auth.required", 403: "auth.forbidden", 404: "request.not_found"}

NAMES = {"name_ar": "اسم", "name_en": "Name"}
SERVICE = {**NAMES, "duration_minutes": 30, "price_amount": 1}

# operation: (status when all is well, who may, body)
TABLE = {
    "listMySalons": (200, PEOPLE, None),
    "createSalon": (201, MANAGERS, {**NAMES, "city_ar": "أبها", "city_en": "Abha"}),
    "changeSalon": (200, OFFICE, {"address": "x"}),
    "removeSalon": (204, OFFICE, None),
    "createService": (201, OFFICE, SERVICE),
    "changeService": (200, OFFICE, {"price_amount": 2}),
    "removeService": (204, OFFICE, None),
    "listRooms": (200, FLOOR, None),
    "createRoom": (201, OFFICE, NAMES),
    "changeRoom": (200, OFFICE, {"name_en": "x"}),
    "removeRoom": (204, OFFICE, None),
    "addStaff": (201, OFFICE, lambda: {"phone_number": new_phone(), "first_name": "Sara"}),
    "getStaff": (200, FLOOR, None),
    "changeStaff": (200, OFFICE, {"windows": []}),
    "removeStaff": (204, OFFICE, None),
    "listExceptions": (200, FLOOR, None),
    "addException": (201, OFFICE, lambda: {"kind": "off", "starts_at": at(1, 0), "ends_at": at(2, 0)}),
    "removeException": (204, OFFICE, None),
    "listPhotos": (200, PUBLIC, None),
    "addPhoto": (201, OFFICE, png),
    "removePhoto": (204, OFFICE, None),
    "getMedia": (404, PUBLIC, None),  # (there is none of that name)
    "listReviews": (200, PUBLIC, None),
    "addReview": (201, AUTHOR, {"rating": 5}),
    "getCalendar": (200, FLOOR, None),
    "getSummary": (200, OFFICE, None),
}
QUERY = {"getCalendar": "?from=2026-03-01", "getSummary": "?from=2026-03-01&to=2026-03-02"}


class _Scene:
    """Callers, and a salon like another for each question: an answer may have removed something."""

    def __init__(self, w):
        self.w = w
        self.people = {"nobody": w.client(), "customer": w.somebody("desk customer"), "admin": w.with_role("admin")}
        for name in CALLERS:
            if name not in self.people:
                self.people[name] = w.sign_in()
                w.db.rows("UPDATE accounts_user SET role = %s WHERE id = %s", name.split()[0], self.people[name].user["id"])
        self.salon_of("manager elsewhere", "staff elsewhere")

    def id_of(self, name):
        return self.people[name].user["id"]

    def salon_of(self, manager, staff):
        salon = Salon(self.w, staff=0)
        salon.change(owner_id=self.id_of(manager))
        salon.add_staff(user=self.id_of(staff), offers=[salon.service])
        return salon

    def parts(self):
        """The path parameters of a salon that has one of everything, and its customer's booking."""
        salon, db = self.salon_of("manager", "staff"), self.w.db
        room = salon.add_room()
        exception = db.one("INSERT INTO catalogue_staff_exception (staff_id, kind, starts_at, ends_at) "
                           "VALUES (%s, 'off', now(), now() + interval '1 hour') RETURNING id", salon.staff[0])
        photo = db.one("INSERT INTO catalogue_photo (salon_id, content, kind, width, height, bytes) "
                       "VALUES (%s, encode(sha256(%s::text::bytea), 'hex'), 'png', 1, 1, 1) RETURNING id", salon.id, salon.id)
        starts = at(-2, 12)
        booking = db.one("INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, ends_at, claimed, status, "
                         "price_amount, currency, cancel_cutoff_minutes, late_cancel_fee_amount, no_show_fee_amount, deposit_amount) "
                         "VALUES (%s, %s, %s, %s, %s, %s::timestamptz + interval '30 min', tstzrange(%s, %s::timestamptz + interval '30 min'), "
                         "'completed', 1, 'SAR', 0, 0, 0, 0) RETURNING id",
                         salon.id, salon.service, salon.staff[0], self.id_of("customer"), starts, starts, starts, starts)
        return {"id": salon.id, "service": salon.service, "staff": salon.staff[0], "room": room, "exception": exception, "photo": photo,
                "name": "0" * 64 + ".png", "booking": booking}

    def ask(self, caller, operation, method, template):
        parts, body, kind = self.parts(), TABLE[operation][2], "application/json"
        body = body() if callable(body) else body
        if operation == "addReview":
            body = {**body, "booking": parts["booking"]}
        path = template.format(**parts) + QUERY.get(operation, "")
        if isinstance(body, bytes):
            return self.people[caller].request(method, path, body=body, headers={"Content-Type": "image/png"})
        return self.people[caller].as_language("en").request(method, path, body)


def _desk_operations(w):
    return {operation["operationId"]: (method, template) for method, template, operation in w.contract.operations()
            if {"desk", "photos", "reviews"} & set(operation["tags"])}


def the_table_has_every_operation_of_the_desk(w):
    equal(sorted(TABLE), sorted(_desk_operations(w)), "operations")


def everybody_gets_the_answer_of_the_table(w):
    scene, wrong = _Scene(w), []
    for operation, (method, template) in _desk_operations(w).items():
        status, rights, _ = TABLE[operation]
        for caller, right in zip(CALLERS, rights):
            answer = scene.ask(caller, operation, method, template)
            wanted = status if right == "ok" else right
            code = None if right == "ok" else CODES[right]
            if answer.status != wanted or code and answer.json["code"] != code:
                wrong.append(f"{caller}: {method} {template} answered {answer.status} {answer.text[:80]}, expected {wanted}")
    equal(wrong, [], "wrong answers")


def what_is_refused_changes_nothing(w):
    """The rights again, looked at from the tables: after every refusal all is as before."""
    scene, parts = _Scene(w), None
    for operation, (method, template) in _desk_operations(w).items():
        for caller, right in zip(CALLERS, TABLE[operation][1]):
            if right == "ok" or method == "GET":
                continue
            original, parts = scene.parts, scene.parts()
            before = _salon_as_it_is(w, parts)
            scene.parts = lambda parts=parts: parts
            scene.ask(caller, operation, method, template).expect(right)
            scene.parts = original
            equal(_salon_as_it_is(w, parts), before, f"{operation} by {caller}")
    check(parts is not None, "nothing was refused")


def _salon_as_it_is(w, parts):
    salon = "catalogue_salon t WHERE t.id = %(id)s"
    return {table: w.db.one(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM " + rows.replace("%(id)s", str(parts["id"])))
            for table, rows in {"salon": salon, **{name: f"catalogue_{name} t WHERE t.salon_id = %(id)s" for name in (
                "service", "room", "staff", "photo", "review")},
                "exception": f"catalogue_staff_exception t WHERE t.staff_id = {parts['staff']}",
                "window": f"catalogue_staff_window t WHERE t.staff_id = {parts['staff']}"}.items()}
