"""Slots keep their word: what is offered can be booked, by whom it says, and nothing else can.

Random salons, half of them around the next change of their clocks. The seed is printed with a failure; SLOTS_SEED=n
repeats it."""
import datetime
import itertools
import os
import random
import zoneinfo

from lib.check import Failure, check, equal
from lib.salons import Salon, instant

ZONES = ("Asia/Riyadh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Cairo",
         "Asia/Beirut", "America/Santiago")
DAYS, TIMES = 2, 40  # looked at per salon
UTC = datetime.timezone.utc
CAUSES = {"booking.off_grid", "booking.outside_hours", "booking.outside_windows", "booking.staff_off", "booking.slot_taken",
          "booking.too_soon", "booking.too_far"}


def what_is_offered_can_be_booked_and_nothing_else(w):
    seed = int(os.environ.get("SLOTS_SEED", random.randrange(1, 10**9)))
    chance, crowd = random.Random(seed), itertools.cycle(w.crowd(64))
    offered = refused = 0
    try:
        for zone in ZONES:
            case = _Case(w, chance, zone, crowd)
            for at in case.sample():
                for who in (*case.salon.staff, None):
                    taken = case.asks(at, who)
                    offered, refused = offered + taken, refused + (not taken)
    except Failure as failure:
        raise Failure(f"SLOTS_SEED={seed}, {zone}: {failure}") from failure
    check(offered > 50 and refused > 100, f"SLOTS_SEED={seed}: {offered} offered, {refused} refused")


class _Case:
    """One salon with its people, its bookings and what its slots say."""

    def __init__(self, w, chance, zone, crowd):
        self.world, self.chance, self.crowd = w, chance, crowd
        self.zone, self.grid = zoneinfo.ZoneInfo(zone), chance.choice((15, 20, 30, 60))
        self.first = self._first_day()
        self.salon = Salon(w, staff=0, duration=chance.randrange(20, 100, 5), before=chance.choice((0, 0, 10)),
                           after=chance.choice((0, 5, 15)), hours=self._day_times(), timezone=zone, grid_minutes=self.grid,
                           horizon_days=366, notice_minutes=chance.choice((0, 120)))
        for _ in range(2):
            self.salon.add_staff(self._day_times(), offers=[self.salon.service])
        self._rooms()
        self._exceptions()
        self._end_inside_the_days()
        self._bookings()
        self.slots = {instant(s["starts_at"]): s for s in self._slots()}

    def _first_day(self):
        """A day or two before the next change of the clocks, or any day: in a week at least."""
        today = datetime.datetime.now(self.zone).date()
        days = [today + datetime.timedelta(days=n) for n in range(7, 360)]
        noon = datetime.time(12)
        changes = [a for a, b in zip(days, days[1:])
                   if datetime.datetime.combine(a, noon, self.zone).utcoffset() != datetime.datetime.combine(b, noon, self.zone).utcoffset()]
        return changes[0] if changes and self.chance.random() < 0.7 else self.chance.choice(days)

    def _day_times(self):
        """One or two stretches a day, the last one often past midnight."""
        opens = self.chance.randrange(0, 700, 15)
        closes = opens + self.chance.randrange(180, 720, 15)
        again = closes + self.chance.choice((0, 30, 60))
        if again < 1400 and self.chance.random() < 0.6:
            return ((opens, closes), (again, min(again + self.chance.randrange(120, 600, 15), 1440 + 300)))
        return ((opens, closes),)

    def _rooms(self):
        for _ in range(self.chance.choice((0, 1, 2))):
            self.salon.add_room(self.salon.service)

    def _exceptions(self):
        begins = datetime.datetime.combine(self.first, datetime.time(0), self.zone).astimezone(UTC)
        for staff, kind in itertools.product(self.salon.staff, ("off", "extra")):
            starts = begins + datetime.timedelta(minutes=self.chance.randrange(0, DAYS * 1440, 5))
            self.salon.exception(staff, kind, starts, starts + datetime.timedelta(minutes=self.chance.randrange(30, 300, 5)))

    def _end_inside_the_days(self):
        """Now and then the horizon cuts them."""
        if self.chance.random() < 0.3:
            self.salon.change(horizon_days=(self.first - datetime.datetime.now(self.zone).date()).days)

    def _bookings(self):
        for slot in self.chance.sample(self._slots(), min(6, len(self._slots()))):
            hold = self.chance.random() < 0.2
            body = self.salon.booking(slot["starts_at"], None, **({"hold": True} if hold else {}))
            answer = next(self.crowd).post("/api/bookings/", {**body, "staff": self.chance.choice([*slot["staff"], None])})
            check(answer.status in (201, 409), f"{answer.status} {answer.text}")

    def _slots(self):
        return self.world.client().get(f"/api/salons/{self.salon.id}/slots/?service={self.salon.service}&from={self.first}&days={DAYS}"
                                       ).expect(200).json["slots"]

    def times(self):
        """Every fifth minute of the days that is on the grid of the wall's clock, and some that are not; without those
        that the clock may pass a border in the middle of."""
        at = datetime.datetime.combine(self.first, datetime.time(0), self.zone).astimezone(UTC)
        end = datetime.datetime.combine(self.first + datetime.timedelta(days=DAYS), datetime.time(0), self.zone).astimezone(UTC)
        row = self.world.db.row("SELECT notice_minutes, horizon_days FROM catalogue_salon WHERE id = %s", self.salon.id)
        now = datetime.datetime.now(UTC)
        borders = (now + datetime.timedelta(minutes=row["notice_minutes"]), now + datetime.timedelta(days=row["horizon_days"]))
        found = []
        while at < end:
            local = at.astimezone(self.zone)
            on_grid = (local.hour * 60 + local.minute) % self.grid == 0
            if (on_grid or self.chance.random() < 0.02) and all(abs((at - border).total_seconds()) > 600 for border in borders):
                found.append(at)
            at += datetime.timedelta(minutes=5)
        return found

    def sample(self):
        """Half of them offered, as far as there are so many."""
        times = self.times()
        offered = [at for at in times if at in self.slots]
        others = [at for at in times if at not in self.slots]
        return [at for some in (offered, others) for at in self.chance.sample(some, min(len(some), TIMES // 2))]

    def asks(self, at, who):
        """Tries to book that; what comes of it must be what the slots said. True: it was offered."""
        slot = self.slots.get(at)
        offered = slot is not None and (who is None or who in slot["staff"])
        person = next(self.crowd)
        answer = person.post("/api/bookings/", {**self.salon.booking(at.isoformat(), None), "staff": who})
        what = f"{at.astimezone(self.zone).isoformat()} with {who}, slot {slot}: {answer.status} {answer.text[:300]}"
        check(offered == (answer.status == 201), what)
        if not offered:
            check(answer.status in (400, 409) and answer.json["code"] in CAUSES, what)
            return False
        equal((instant(answer.json["starts_at"]), answer.json["ends_at"]), (at, slot["ends_at"]), "the booking's times")
        check(answer.json["staff"] in slot["staff"], what)
        person.post(f"/api/bookings/{answer.json['id']}/cancel/", {}).expect(200)
        return True
