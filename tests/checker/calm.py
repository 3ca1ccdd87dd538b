"""After the storm: every operation once more, by one hand and one after the other, and all must succeed.
What it does goes into the notebooks and before the judge like everything else."""
import time

from client import Attempt
from lib.check import Failure
from lib.salons import at
from stage import HOLD_SECONDS

DAY = 6  # nobody else wants anything on that day


class Hand:
    def __init__(self, scene):
        self.scene, self.lane = scene, scene.hand("after")
        self.customers = self.lane.customers
        self.places = [server.place for server in scene.servers]

    def ask(self, wanted, kind, who, path, body, **more):
        """The bookings of the answer, whose status must be `wanted`."""
        done = self.lane.exchange(Attempt(kind, who, path, body, **more))
        if done.status != wanted:
            raise Failure(f"{kind} {body} was {done.outcome} {done.status} {done.code}, not {wanted}")
        return done.made()

    def wish(self, salon, service, staff, hour, minute=0):
        house = self.scene.salons[salon]
        return {"service": house["services"][service], "staff": house["staff"][staff], "starts_at": at(DAY, hour, minute)}

    def book(self, *wish, kind="create", who=0, key=None, **more):
        body = {"salon": self.scene.salons[wish[0]]["id"], **self.wish(*wish), **more}
        return self.ask(201, kind, self.customers[who], "/api/bookings/", body, key=key)[0]

    def visit(self, *wishes, **more):
        body = {"salon": self.scene.salons[wishes[0][0]]["id"], "items": [self.wish(*wish) for wish in wishes], **more}
        return self.ask(201, "visit", self.customers[0], "/api/bookings/", body)[0]

    def move(self, verb, booking, who=None, **body):
        who = self.customers[0] if who is None else who
        return self.ask(200, verb, who, f"/api/bookings/{booking['id']}/{verb}/", body, booking=booking["id"])[0]


def everything_works(scene):
    """What does not, or None."""
    hand = Hand(scene)
    try:
        for part in (both_servers_book, bookings_move, holds_are_confirmed, a_hold_runs_out, salons_approve, a_lost_answer_is_found):
            part(hand)
    except Failure as failure:
        return f"{part.__name__}: {failure}"
    finally:
        hand.lane.out.close()
    return None


def both_servers_book(hand):
    for number, place in enumerate(hand.places):
        hand.lane.orders["servers"] = [place] * 2
        hand.book(0, 0, number, 8)
    hand.lane.orders["servers"] = hand.places


def bookings_move(hand):
    house = hand.scene.salons[0]
    booking = hand.book(0, 1, 0, 10)
    crew = iter((hand.customers[0], house["manager"], house["crew"][1]))
    hand.move("reschedule", booking, next(crew), starts_at=at(DAY, 11))
    hand.move("reschedule", booking, next(crew), starts_at=at(DAY, 11), staff=house["staff"][1])
    hand.move("reschedule", booking, next(crew), starts_at=at(DAY, 12), staff=house["staff"][2])
    for who in (hand.customers[0], house["manager"], house["crew"][3]):
        hand.move("cancel", hand.book(0, 1, 3, 10), who)


def holds_are_confirmed(hand):
    hold = hand.book(0, 2, 0, 14, kind="hold", hold=True)
    hand.move("reschedule", hold, starts_at=at(DAY, 14, 30))
    hand.move("confirm", hold)
    hand.move("confirm", hand.visit((0, 0, 1, 14), (0, 1, 2, 15), hold=True))
    hand.move("cancel", hand.visit((0, 0, 1, 16), (0, 1, 2, 17), hold=True))
    hand.visit((0, 0, 1, 16), (0, 1, 2, 17))


def a_hold_runs_out(hand):
    """Then somebody else has the time, whether or not it was swept by then."""
    hand.book(0, 1, 3, 19, kind="hold", hold=True)
    time.sleep(HOLD_SECONDS + 0.1)
    hand.book(0, 1, 3, 19, who=1)


def salons_approve(hand):
    house = hand.scene.salons[1]
    for number, who in enumerate((house["manager"], house["crew"][1])):
        hand.move("confirm", hand.book(1, 0, number, 8), who)


def a_lost_answer_is_found(hand):
    wish = {"salon": hand.scene.salons[0]["id"], **hand.wish(0, 1, 0, 20)}
    for _ in range(5):
        lost = Attempt("create", hand.customers[0], "/api/bookings/", wish, key="lost-and-found")
        lost.fault = "deaf"
        hand.lane.exchange(lost)
    hand.book(0, 1, 0, 20, key="lost-and-found")
