"""Salons made for one story: open around the clock unless the story wants it otherwise."""
import datetime
import itertools
import time

from .phones import new_phone

RIYADH = datetime.timezone(datetime.timedelta(hours=3))
_serial = itertools.count(1)


class Salon:
    def __init__(self, w, staff=1, duration=30, before=0, after=0, price=10000, hours=((0, 1440),), windows=((0, 1440),),
                 staff_offers=True, **columns):
        self.world = w
        self.owner = self._user("manager")
        number = next(_serial)
        columns = {"owner_id": self.owner, "name_ar": f"صالون القصة {number}", "name_en": f"Story Salon {number}",
                   "city_ar": "تبوك", "city_en": "Tabuk", "currency": "SAR", "notice_minutes": 0, **columns}
        self.id = self._insert("catalogue_salon", **columns)
        for weekday, (opens, closes) in itertools.product(range(7), hours):
            self._insert("catalogue_opening", salon_id=self.id, weekday=weekday, opens_minute=opens, closes_minute=closes)
        self.service = self.add_service(duration, before, after, price)
        self.staff, self.staff_users = [], []
        for _ in range(staff):
            self.add_staff(windows, offers=[self.service] if staff_offers else [])

    def add_service(self, duration=30, before=0, after=0, price=10000, **columns):
        return self._insert("catalogue_service", salon_id=self.id, duration_minutes=duration, buffer_before_minutes=before,
                            buffer_after_minutes=after, price_amount=price,
                            **{"currency": "SAR", "name_ar": "خدمة", "name_en": "Service", **columns})

    def add_staff(self, windows=((0, 1440),), offers=(), user=None):
        user = user or self._user("staff")
        staff = self._insert("catalogue_staff", salon_id=self.id, user_id=user)
        for weekday, (starts, ends) in itertools.product(range(7), windows):
            self._insert("catalogue_staff_window", staff_id=staff, weekday=weekday, starts_minute=starts, ends_minute=ends)
        for service in offers:
            self.offer(staff, service)
        self.staff.append(staff)
        self.staff_users.append(user)
        return staff

    def offer(self, staff, service):
        self.world.db.rows("INSERT INTO catalogue_staff_service (staff_id, service_id) VALUES (%s, %s)", staff, service)

    def add_room(self, *services):
        """In which these take place, as in every other room that was made for them."""
        room = self._insert("catalogue_room", salon_id=self.id, name_ar="غرفة", name_en="Room")
        for service in services:
            self.world.db.rows("INSERT INTO catalogue_service_room (service_id, room_id) VALUES (%s, %s)", service, room)
        return room

    def hand_over(self, language="en"):
        """To a manager of its own, signed in."""
        manager = self.world.sign_in_manager(language)
        self.change(owner_id=manager.user["id"])
        return manager

    def exception(self, staff, kind, starts, ends):
        self._insert("catalogue_staff_exception", staff_id=staff, kind=kind, starts_at=starts, ends_at=ends)

    def change(self, **columns):
        for name, value in columns.items():
            self.world.db.rows(f"UPDATE catalogue_salon SET {name} = %s WHERE id = %s", value, self.id)

    def booking(self, starts_at=None, staff=0, **more):
        """The body of a booking; `staff` is an index, or None for anybody."""
        return {"salon": self.id, "service": self.service, "staff": None if staff is None else self.staff[staff],
                "starts_at": starts_at or at(3, 12), **more}

    def slots(self, client, day=3, days=1, service=None, **query):
        path = f"/api/salons/{self.id}/slots/?service={service or self.service}&from={at(day, 0)[:10]}&days={days}"
        return client.get(path + "".join(f"&{name}={value}" for name, value in query.items()))

    def _user(self, role):
        return self._insert("accounts_user", phone_number=new_phone(), role=role, is_phone_verified=True,
                            first_name={"manager": "Mona", "staff": "Salma"}[role])

    def _insert(self, table, **columns):
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        key = "id" if table != "catalogue_staff_service" else "staff_id"
        return self.world.db.one(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING {key}", *columns.values())


def everybody_knows():
    """Returns when every core of every server shows what was written, whoever wrote it. The stories write their salons
    past the API, so they are nobody's own writes, which are shown at once."""
    time.sleep(1)


def at(days, hour, minute=0):
    """That local time in Riyadh so many days from today, as RFC 3339."""
    day = datetime.datetime.now(RIYADH).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + datetime.timedelta(days=days, hours=hour, minutes=minute)).isoformat()


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
