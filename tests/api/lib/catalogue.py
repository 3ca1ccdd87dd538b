"""Free time in the demo salons, handed out so that no two stories meet in the same day of a staff member."""
import datetime
import threading

from .check import Failure
from .client import Client


class StaffDay:
    """One member of staff on one day, all free: nobody else gets it."""

    def __init__(self, salon, service, staff, day, starts):
        self.salon, self.service, self.staff, self.day = salon, service, staff, day
        self.starts = starts  # RFC 3339, as the slots endpoint wrote them

    def booking(self, index=0, **more):
        """The body that books the day's n-th slot."""
        return {"salon": self.salon["id"], "service": self.service["id"], "staff": self.staff["id"],
                "starts_at": self.starts[index], **more}

    def slots_path(self, staff=True):
        who = f"&staff={self.staff['id']}" if staff else ""
        return f"/api/salons/{self.salon['id']}/slots/?service={self.service['id']}{who}&from={self.day}&days=1"


class Catalogue:
    DAYS_AHEAD = 2  # leaves "today" and "tomorrow" to stories about notice and cut-offs
    DAYS = 21

    def __init__(self, world):
        self.world = world
        self.lock = threading.Lock()
        self.free = None

    def staff_day(self, slots=4):
        """A day with at least that many bookable starts."""
        with self.lock:
            if self.free is None:
                self.free = self._all_days()
            for day in self.free:
                if len(day.starts) >= slots:
                    return day
        raise Failure(f"the demo data has no free day of {slots} slots left")

    def staff_days(self, count, slots=1):
        return [self.staff_day(slots) for _ in range(count)]

    def _all_days(self):
        client = Client(self.world.main)
        first = datetime.date.today() + datetime.timedelta(days=self.DAYS_AHEAD)
        for salon in everything(client, "/api/salons/"):
            services = everything(client, f"/api/salons/{salon['id']}/services/")
            for staff in everything(client, f"/api/salons/{salon['id']}/staff/"):
                service = next((s for s in services if s["id"] in staff["services"]), None)
                if service is not None:
                    yield from self._days_of(client, salon, service, staff, first)

    def _days_of(self, client, salon, service, staff, first):
        found = client.get(f"/api/salons/{salon['id']}/slots/?service={service['id']}&staff={staff['id']}"
                           f"&from={first}&days={self.DAYS}").expect(200).json
        days = {}
        for slot in found["slots"]:
            days.setdefault(slot["starts_at"][:10], []).append(slot["starts_at"])
        for day, starts in days.items():
            yield StaffDay(salon, service, staff, day, starts)


def everything(client, path):
    """All results of a list, page by page."""
    cursor, mark = "", "&" if "?" in path else "?"
    while cursor is not None:
        page = client.get(path + (f"{mark}cursor={cursor}" if cursor else "")).expect(200).json
        yield from page["results"]
        cursor = page["next"]
