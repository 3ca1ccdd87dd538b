"""Several services in one visit, all or nothing; and the rooms that services need."""
import collections
import copy
import datetime
import random

from lib.bookings import PATH, book, history_of, move, row_of, run_out, shift, visit
from lib.check import check, equal, eventually
from lib.crowd import at_once
from lib.salons import Salon, at, instant


# ---- visits ----

def several_services_are_booked_together(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    made = book(client, visit(salon, (1, at(3, 14)), (0, at(3, 12)), (None, at(3, 13))))
    equal([b["starts_at"] for b in made["items"]], [at(3, 14), at(3, 12), at(3, 13)], "starts, as wished")
    equal({b["visit"] for b in made["items"]}, {made["visit"]}, "visit")
    equal({b["status"] for b in made["items"]}, {"confirmed"}, "status")
    equal(client.get(f"{PATH}{made['items'][1]['id']}/").expect(200).json, made["items"][1], "one of them")


def all_of_a_visit_or_nothing(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    book(w.booker(), salon.booking(at(3, 13), 1))
    refused = client.as_language("en").post(PATH, visit(salon, (0, at(3, 12)), (1, at(3, 13)), (0, at(3, 14)))).expect(409, "booking.slot_taken").json
    equal((refused["item"], refused["detail"]), (1, "This time has just been taken."), "item and detail")
    check(refused["alternatives"], "no alternatives")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE customer_id = %s", client.user["id"]), 0, "bookings")
    book(client, visit(salon, (0, at(3, 12)), (1, at(3, 14))))


def a_refused_item_is_named_with_its_one_cause(w):
    client, salon = w.sign_in(), Salon(w)
    refused = client.as_language("en").post(PATH, visit(salon, (0, at(3, 12)), (0, at(-1, 12)))).expect(400, "booking.past").json
    equal((refused["item"], refused["detail"]), (1, "This time has passed."), "item and detail")


def items_of_one_visit_may_not_overlap_at_one_member(w):
    salon = Salon(w, staff=2, duration=60)
    refused = w.sign_in().post(PATH, visit(salon, (0, at(3, 12)), (0, at(3, 12, 30)))).expect(409, "booking.slot_taken").json
    equal(refused["item"], 1, "item")
    book(w.sign_in(), visit(salon, (None, at(3, 12)), (None, at(3, 12, 30))))


def _offers_that_hold(w, body, starts=None):
    """A visit is refused; every alternative, in the place of the refused item, makes it succeed."""
    refused = w.somebody("refused").post(PATH, body).expect(409, "booking.slot_taken").json
    offered = [offer["starts_at"] for offer in refused["alternatives"]]
    if starts:
        equal(offered, starts, "alternatives")
    check(offered, "no alternatives")
    client = w.sign_in()
    for start in offered:
        items = [{**item, "starts_at": start} if n == refused["item"] else item for n, item in enumerate(body["items"])]
        for item in book(client, {**body, "items": items})["items"]:
            move(client, item["id"], "cancel").expect(200)


def an_alternative_leaves_the_other_items_of_the_visit_their_time(w):
    alone, two = Salon(w, duration=60), Salon(w, staff=2, duration=60, before=15, after=15)
    noon, around = at(3, 14), [at(3, 13), at(3, 15), at(3, 12, 45)]
    _offers_that_hold(w, visit(alone, (0, noon), (0, noon)), around)
    _offers_that_hold(w, visit(alone, (None, noon), (0, noon)), around)
    _offers_that_hold(w, visit(alone, (0, noon), (None, noon)), around)
    _offers_that_hold(w, visit(alone, (None, noon), (None, noon), (None, at(3, 15))), [at(3, 13), at(3, 12, 45), at(3, 12, 30)])
    _offers_that_hold(w, visit(two, (0, noon), (0, at(3, 15))), [at(3, 15, 30), at(3, 15, 45), at(3, 16)])
    book(w.booker(), two.booking(noon, 1))
    _offers_that_hold(w, visit(two, (0, noon), (None, noon)), [at(3, 12, 30), at(3, 15, 30), at(3, 12, 15)])
    _offers_that_hold(w, visit(two, (None, at(3, 14)), (0, noon)))
    _offers_that_hold(w, visit(two, (1, noon), (0, noon)), [at(3, 12, 30), at(3, 15, 30), at(3, 12, 15)])
    two.add_room(two.service)
    _offers_that_hold(w, visit(two, (0, at(3, 18)), (1, at(3, 18))), [at(3, 16, 30), at(3, 19, 30), at(3, 16, 15)])


def in_whatever_order_the_times_come_the_item_that_clashes_is_named(w):
    salon = Salon(w, staff=2, duration=60)
    book(w.booker(), salon.booking(at(3, 14), 1))
    wishes = [(0, at(3, 16)), (1, at(3, 14)), (0, at(3, 12)), (1, at(3, 10))]
    for turn in range(4):
        turned = wishes[turn:] + wishes[:turn]
        refused = w.somebody("refused").post(PATH, visit(salon, *turned)).expect(409, "booking.slot_taken").json
        equal(refused["item"], turned.index((1, at(3, 14))), f"item, turned by {turn}")
    book(w.sign_in(), visit(salon, *(wishes[n] for n in (3, 0, 2))))


def each_item_may_be_refused_for_its_own_reason(w):
    salon, other = Salon(w, staff=2), Salon(w)
    good = visit(salon, (0, at(3, 12)), (1, at(3, 13)), (None, at(3, 14)))
    client = w.somebody("refused")
    for n in range(3):
        for changed, status, code in (({"service": other.service}, 400, "booking.service_unknown"),
                                      ({"staff": other.staff[0]}, 400, "booking.staff_elsewhere"),
                                      ({"starts_at": at(3, 12, 7)}, 400, "booking.off_grid")):
            items = [{**item, **changed} if place == n else item for place, item in enumerate(good["items"])]
            equal(client.post(PATH, {**good, "items": items}).expect(status, code).json["item"], n, f"item of {code}")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 0, "bookings")
    refused = client.post(PATH, {**good, "salon": 10**9}).expect(400, "booking.salon_unknown").json
    check("item" not in refused, f"a salon is of no item: {refused}")


def one_to_five_services(w):
    client, salon = w.sign_in(), Salon(w)
    for n in (0, 6):
        for language, text in (("en", "A visit has one to five services."), ("ar", "تشمل الزيارة من خدمة واحدة إلى خمس خدمات.")):
            answer = client.as_language(language).post(PATH, visit(salon, *((0, at(3, 8 + k)) for k in range(n))))
            equal(answer.expect(400, "booking.visit_size").json["items"], [text], "items")
    made = book(client, visit(salon, *((0, at(3, 8 + k)) for k in range(5))))
    equal(len(made["items"]), 5, "services")


def a_visit_of_one_is_a_booking(w):
    made = book(w.sign_in(), visit(salon := Salon(w), (0, at(3, 12))))
    equal((made["salon"], made["visit"]), (salon.id, None), "salon, visit")


def fields_of_items_are_named_in_their_place(w):
    salon = Salon(w)
    body = visit(salon, (0, at(3, 12)), (0, at(3, 13)))
    body["items"][1]["starts_at"] = "noon"
    answer = w.sign_in().post(PATH, body).expect(400, "request.invalid")
    equal(answer.json["items"][0], {}, "of the first")
    check("starts_at" in answer.json["items"][1], f"{answer.json}")


def a_body_has_one_of_the_two_forms(w):
    client, salon = w.sign_in(), Salon(w)
    one, both = salon.booking(at(3, 12)), {**visit(salon, (0, at(3, 12)), (0, at(3, 13))), **salon.booking(at(3, 12))}
    refused = client.as_language("en").post(PATH, both).expect(400, "request.invalid").json
    equal(refused["items"], ["This field cannot be given together with those of another form of the request."], "both")
    neither = client.post(PATH, {"salon": salon.id}).expect(400, "request.invalid").json
    equal({"service", "starts_at"} <= neither.keys() and "items" not in neither, True, f"neither: {neither}")
    equal(w.db.one("SELECT count(*) FROM bookings_booking WHERE salon_id = %s", salon.id), 0, "bookings")
    made = book(client, {**visit(salon, (0, at(3, 12)), (0, at(3, 13))), "service": None, "staff": None, "starts_at": None})
    equal(len(made["items"]), 2, "services, with null for what a visit has not")
    book(client, {**one, "starts_at": at(3, 15), "items": None, "notes": 'not "items": [1]'})


def a_held_visit_is_one_hold_and_confirmed_as_one(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    held = book(client, visit(salon, (0, at(3, 12)), (1, at(3, 13)), hold=True))
    book(client, salon.booking(at(3, 15), hold=True))
    book(client, salon.booking(at(3, 16), hold=True), 409, "booking.too_many_holds")
    move(client, held["items"][1]["id"], "confirm").expect(200)
    states = {row_of(w, b["id"])["status"] for b in held["items"]}
    equal(states, {"confirmed"}, "states")
    lines = w.db.one("SELECT count(*) FROM bookings_history WHERE booking_id = ANY(%s)", [b["id"] for b in held["items"]])
    equal(lines, 4, "history lines")


def a_held_visit_is_let_go_as_one(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    held = book(client, visit(salon, (0, at(3, 12)), (1, at(3, 13)), hold=True))
    gone = move(client, held["items"][1]["id"], "cancel", {"reason": "other plans"}).expect(200).json
    equal((gone["id"], gone["status"], gone["fee_amount"]), (held["items"][1]["id"], "cancelled", 0), "the one that was named")
    for item in held["items"]:
        row, line = row_of(w, item["id"]), history_of(w, item["id"])[-1]
        equal((row["status"], row["cancelled_by"], row["reason"], line["to_status"], line["owed_amount"]),
              ("cancelled", "customer", "other plans", "cancelled", 0), "each of it")


def of_a_confirmed_visit_one_may_be_cancelled(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    made = book(client, visit(salon, (0, at(3, 12)), (1, at(3, 13))))
    move(client, made["items"][0]["id"], "cancel").expect(200)
    equal([row_of(w, item["id"])["status"] for item in made["items"]], ["cancelled", "confirmed"], "states")


def a_held_visit_expires_as_one(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    held = book(client, visit(salon, (0, at(3, 12)), (1, at(3, 13)), hold=True))
    equal(len({row_of(w, item["id"])["hold_expires_at"] for item in held["items"]}), 1, "moments at which it runs out")
    for item in held["items"]:
        run_out(w, item["id"])
    move(client, held["items"][0]["id"], "confirm").expect(409, "booking.invalid_transition")
    eventually(lambda: {row_of(w, item["id"])["status"] for item in held["items"]} == {"expired"}, "all of it is swept")


def a_held_visit_that_has_begun_is_not_confirmed(w):
    client, salon = w.sign_in(), Salon(w, staff=2)
    held = book(client, visit(salon, (0, at(3, 12)), (1, at(3, 13)), hold=True))
    shift(w, held["items"][0]["id"], -4)
    move(client, held["items"][1]["id"], "confirm").expect(409, "booking.already_begun")
    equal({row_of(w, item["id"])["status"] for item in held["items"]}, {"held"}, "states")


def a_visit_counts_each_of_its_bookings_for_the_limit(w):
    salon, client = Salon(w, staff=20), w.sign_in()
    for n in range(2):
        book(client, visit(salon, *((5 * n + k, at(3, 12)) for k in range(4))))
    book(client, visit(salon, (15, at(3, 12)), (16, at(3, 12)), (17, at(3, 12))), 409, "booking.too_many_open")
    book(client, visit(salon, (15, at(3, 12)), (16, at(3, 12))))


def visits_that_cross_never_both_get_half(w):
    salon, crowd = Salon(w, staff=2), w.crowd(16)
    answers = at_once(range(16), lambda n: crowd[n].as_language("en").post(PATH, visit(salon, *(((0, at(3, 12)), (1, at(3, 12))) if n % 2
                                                                                             else ((1, at(3, 12)), (0, at(3, 12)))))))
    equal(sorted(a.status for a in answers), [201] + [409] * 15, "statuses")
    equal(w.db.one("SELECT count(DISTINCT customer_id) FROM bookings_booking WHERE salon_id = %s", salon.id), 1, "customers")


# ---- what a slow clerk would give ----

class Clerk:
    """Decides visits one after the other on paper: whom and which room each service gets, or which is refused.
    First each is looked at by itself, as if it were alone; then in order, with those before it. Times are
    quarters of an hour."""

    def __init__(self, staff, rooms, length, before, after):
        self.staff, self.rooms, self.length, self.before, self.after = staff, rooms, length, before, after
        self.book = []  # (member, room, start)

    def busy(self, book, place, who, start):
        return any(entry[place] == who and abs(entry[2] - start) < self.length + self.before + self.after for entry in book)

    def decide(self, wishes):
        """A list of (member, room), or the number of the one refused."""
        for n, (member, start) in enumerate(wishes):
            if all(self.busy(self.book, 0, who, start) for who in ([member] if member else self.staff)):
                return n
        book = list(self.book)
        for n, (member, start) in enumerate(wishes):
            free = [who for who in ([member] if member else self.staff) if not self.busy(book, 0, who, start)]
            rooms = [room for room in self.rooms if not self.busy(book, 1, room, start)]
            if not free or not rooms:
                return n
            free.sort(key=lambda who: (sum(entry[0] == who for entry in book), who))
            book.append((free[0], rooms[0], start))
        made, self.book = book[len(self.book):], book
        return [entry[:2] for entry in made]


def _the_clerk_agrees(clerk, salon, wishes, refused):
    """Where a wish is replaced by an alternative, at most another is refused, for reasons of its own."""
    item, today = refused.get("item", 0), instant(at(3, 0))
    for offer in refused["alternatives"]:
        start = (instant(offer["starts_at"]) - today) // datetime.timedelta(minutes=15)
        changed = [(who, start if n == item else was) for n, (who, was) in enumerate(wishes)]
        expected = copy.deepcopy(clerk).decide([(None if who is None else salon.staff[who], when) for who, when in changed])
        check(expected != item, f"item {item} of {wishes} is refused at {start}, too")


def visits_get_what_a_slow_clerk_would_give(w):
    chance, client = random.Random(20), w.sign_in().on(w.server(BOOKING_OPEN_MAX=0))
    for _ in range(4):
        before, after = chance.randrange(2), chance.randrange(2)
        salon = Salon(w, staff=3, duration=30, before=15 * before, after=15 * after)
        clerk = Clerk(salon.staff, [salon.add_room(salon.service) for _ in range(chance.choice((2, 3)))], 2, before, after)
        outcomes = collections.Counter()
        for _ in range(30):
            wishes = [(chance.choice((None, 0, 1, 2)), 40 + chance.randrange(24)) for _ in range(chance.randrange(1, 6))]
            expected = clerk.decide([(None if who is None else salon.staff[who], start) for who, start in wishes])
            answer = client.post(PATH, visit(salon, *((who, at(3, 0, 15 * start)) for who, start in wishes)))
            if isinstance(expected, int):
                refused = answer.expect(409, "booking.slot_taken").json
                equal(refused.get("item", 0), expected, f"the item refused of {wishes}")
                _the_clerk_agrees(clerk, salon, wishes, refused)
            else:
                made = answer.expect(201).json
                got = [(item["staff"], item["room"]) for item in made.get("items", [made])]
                equal(got, expected, f"who and where of {wishes}")
            outcomes[answer.status] += 1
            kept = w.db.rows("SELECT staff_id, room_id FROM bookings_booking WHERE salon_id = %s ORDER BY id", salon.id)
            equal([tuple(row.values()) for row in kept], [entry[:2] for entry in clerk.book], "all that was booked so far")
        check(min(outcomes[201], outcomes[409]) >= 3, f"too much alike: {outcomes}")


# ---- rooms ----

def a_room_is_for_one_at_a_time(w):
    salon = Salon(w, staff=3)
    rooms = [salon.add_room(salon.service) for _ in range(2)]
    got = [book(w.booker(), salon.booking(staff=n))["room"] for n in range(2)]
    equal(got, rooms, "rooms")
    book(w.booker(), salon.booking(staff=2), 409, "booking.slot_taken")
    book(w.booker(), salon.booking(at(3, 13), staff=2))


def rooms_never_double_when_all_come_at_once(w):
    salon, crowd = Salon(w, staff=24), w.crowd(24)
    for _ in range(3):
        salon.add_room(salon.service)
    answers = at_once(range(24), lambda n: crowd[n].as_language("en").post(PATH, salon.booking(staff=n)))
    equal(sorted(a.status for a in answers), [201] * 3 + [409] * 21, "statuses")
    equal(w.db.one("SELECT count(DISTINCT room_id) FROM bookings_booking WHERE salon_id = %s", salon.id), 3, "rooms")


def a_service_whose_rooms_are_all_closed_is_offered_by_nobody(w):
    salon = Salon(w)
    salon.add_room(salon.service)
    w.db.rows("UPDATE catalogue_room SET active = false WHERE salon_id = %s", salon.id)
    book(w.booker(), salon.booking(), 400, "booking.nobody_offers")
    w.db.rows("DELETE FROM catalogue_service_room WHERE service_id = %s", salon.service)
    equal(book(w.booker(), salon.booking())["room"], None, "room")


def items_of_one_visit_do_not_share_a_room_at_a_time(w):
    salon = Salon(w, staff=3)
    rooms = [salon.add_room(salon.service) for _ in range(2)]
    refused = w.sign_in().post(PATH, visit(salon, (0, at(3, 12)), (1, at(3, 12)), (2, at(3, 12)))).expect(409, "booking.slot_taken").json
    equal(refused["item"], 2, "item")
    made = book(w.sign_in(), visit(salon, (0, at(3, 12)), (1, at(3, 12)), (2, at(3, 12, 30))))
    equal([item["room"] for item in made["items"]], [*rooms, rooms[0]], "rooms")


def where_the_room_is_taken_the_alternatives_are_when_it_is_free(w):
    salon = Salon(w, staff=2)
    salon.add_room(salon.service)
    book(w.booker(), salon.booking(staff=0))
    loser = w.somebody("refused")
    refused = loser.post(PATH, salon.booking(staff=1)).expect(409, "booking.slot_taken").json
    equal([a["starts_at"] for a in refused["alternatives"]], [at(3, 11, 30), at(3, 12, 30), at(3, 11, 15)], "alternatives")
    book(loser, salon.booking(refused["alternatives"][0]["starts_at"], staff=1))
