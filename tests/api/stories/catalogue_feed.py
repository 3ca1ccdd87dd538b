"""Who sees a change of the catalogue when: its writer at once, wherever she asks; everybody within a second."""
import contextlib

from lib.check import check, equal
from lib.database import Transaction
from lib.salons import Salon, at, everybody_knows

PATH = "/api/salons/"


@contextlib.contextmanager
def _two_servers(w):
    """Two processes on the same database, of two cores and of one, which look as seldom as they may."""
    with w.own_server(CATALOGUE_LOOK_MS=500) as one, w.own_server(CATALOGUE_LOOK_MS=500, WORKERS=1) as other:
        yield one, other


def _name(client, salon):
    return client.get(f"{PATH}{salon.id}/").expect(200).json["name_en"]


def _listed(client, city):
    return [s["name_en"] for s in client.get(f"{PATH}?city={city}").expect(200).json["results"]]


def a_writer_sees_her_writes_at_once_at_every_process(w):
    salon = Salon(w, city_en="Writers Town", name_en="Write 0")
    owner = salon.hand_over()
    everybody_knows()
    with _two_servers(w) as (one, other):
        here, there = owner.on(one), owner.on(other)
        for turn in range(1, 21):
            # Both have just looked, and would not look again so soon.
            equal((_name(w.client(server=one), salon), _name(w.client(server=other), salon)), (f"Write {turn - 1}",) * 2, "before")
            equal(_listed(w.client(server=other), "Writers%20Town"), [f"Write {turn - 1}"], "listed before")
            here.patch(f"{PATH}{salon.id}/", {"name_en": f"Write {turn}"}).expect(200)
            equal(_name(there, salon), f"Write {turn}", "at the other process")
            equal(_listed(there, "Writers%20Town"), [f"Write {turn}"], "listed at the other process")
            equal(_name(w.client(server=one), salon), f"Write {turn}", "for a stranger at the writer's process")


def parts_of_a_salon_are_seen_at_once_too(w):
    salon = Salon(w)
    owner = salon.hand_over()
    root = f"{PATH}{salon.id}/"
    with _two_servers(w) as (one, other):
        here, there = owner.on(one), owner.on(other)
        for path in ("services/", "staff/"):
            there.get(root + path).expect(200)
        made = here.post(root + "services/", {"name_ar": "صبغة", "name_en": "Dye", "duration_minutes": 30, "price_amount": 1}).expect(201).json
        equal([s["name_en"] for s in there.get(root + "services/").expect(200).json["results"]], ["Service", "Dye"], "services")
        here.delete(f"{root}services/{made['id']}/").expect(204)
        equal([s["name_en"] for s in there.get(root + "services/").expect(200).json["results"]], ["Service"], "services without it")
        here.post(f"{root}staff/{salon.staff[0]}/exceptions/", {"kind": "off", "starts_at": at(3, 0), "ends_at": at(4, 0)}).expect(201)
        equal(salon.slots(there).expect(200).json["slots"], [], "slots of a day off")


def a_name_and_a_rating_are_seen_at_once_by_who_gave_them(w):
    salon = Salon(w)
    phone = w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", salon.staff_users[0])
    with _two_servers(w) as (one, other):
        worker, customer = w.sign_in(phone, server=one), w.sign_in(server=one)
        worker.on(other).get(f"{PATH}{salon.id}/staff/").expect(200)
        worker.patch("/api/auth/me/", {"first_name": "Latifa", "last_name": "New"}).expect(200)
        equal(worker.on(other).get(f"{PATH}{salon.id}/staff/").expect(200).json["results"][0]["display_name"], "Latifa New", "name")
        booking = customer.post("/api/bookings/", salon.booking()).expect(201).json["id"]
        w.db.rows("UPDATE bookings_booking SET status = 'completed' WHERE id = %s", booking)
        equal(customer.on(other).get(f"{PATH}{salon.id}/").expect(200).json["rating"], None, "rating before")
        customer.post(f"{PATH}{salon.id}/reviews/", {"booking": booking, "rating": 4}).expect(201)
        equal(customer.on(other).get(f"{PATH}{salon.id}/").expect(200).json["rating"], 4.0, "rating")


def everybody_sees_every_change_within_a_second(w):
    """Written past the API, so that no process is told but by the feed."""
    salon = Salon(w, name_en="Feed 0", city_en="Feed Town")
    changes = (
        ("UPDATE catalogue_salon SET name_en = 'Feed 1' WHERE id = %(salon)s", "", lambda a: a["name_en"] == "Feed 1"),
        ("UPDATE catalogue_salon SET rating_hundredths = 310, review_count = 2 WHERE id = %(salon)s", "", lambda a: a["rating"] == 3.1),
        ("DELETE FROM catalogue_opening WHERE salon_id = %(salon)s", "", lambda a: a["opening_hours"] == []),
        ("UPDATE catalogue_service SET price_amount = 77 WHERE salon_id = %(salon)s", "services/", lambda a: a["results"][0]["price_amount"] == 77),
        ("UPDATE accounts_user SET first_name = 'Hind' WHERE id = %(user)s", "staff/", lambda a: "Hind" in a["results"][0]["display_name"]),
        ("UPDATE catalogue_staff SET active = false WHERE salon_id = %(salon)s", "staff/", lambda a: a["results"] == []),
    )
    with _two_servers(w) as servers:
        clients = [w.client(server=server) for server in servers for _ in range(3)]
        for sql, part, shows in changes:
            check(not any(shows(client.get(f"{PATH}{salon.id}/{part}").expect(200).json) for client in clients), f"before: {sql}")
            w.db.rows(sql.replace("%(salon)s", str(salon.id)).replace("%(user)s", str(salon.staff_users[0])))
            everybody_knows()
            for client in clients:
                answer = client.get(f"{PATH}{salon.id}/{part}").expect(200).json
                check(shows(answer), f"{sql}: {answer}")


def transactions_that_commit_in_another_order_are_both_seen(w):
    first, second = Salon(w, name_en="First"), Salon(w, name_en="Second")
    early, late = Transaction(w.pair.database_url), Transaction(w.pair.database_url)
    early.one("UPDATE catalogue_salon SET name_en = 'First changed' WHERE id = %s RETURNING id", first.id)
    late.one("UPDATE catalogue_salon SET name_en = 'Second changed' WHERE id = %s RETURNING id", second.id)
    client = w.client()
    for salon in (first, second):
        _name(client, salon)
    late.commit()
    everybody_knows()
    equal((_name(client, first), _name(client, second)), ("First", "Second changed"), "names after the later transaction")
    early.commit()
    everybody_knows()
    equal((_name(client, first), _name(client, second)), ("First changed", "Second changed"), "names after both")


def a_booking_moves_the_slots_of_every_process_at_once(w):
    """By whomever it is made: slots are as new as the question. All moves of a booking, over three staff and a room."""
    salon = Salon(w, staff=3, duration=60, hours=((600, 720),), grid_minutes=60)
    roomy = salon.add_service(duration=60)
    salon.add_room(roomy)
    salon.offer(salon.staff[2], roomy)

    with _two_servers(w) as (one, other):
        def seen(service=None):
            """{hour: staff} of the day, the same by heart at both processes."""
            days = [[(s["starts_at"][11:13], s["staff"]) for s in salon.slots(w.client(server=server), service=service).expect(200).json["slots"]]
                    for server in (one, other)]
            equal(days[0], days[1], "slots of the two")
            return dict(days[0])

        a, b, c = salon.staff
        person = w.sign_in(server=one)
        equal(seen(), {"10": [a, b, c], "11": [a, b, c]}, "at first")
        made = person.post("/api/bookings/", salon.booking(at(3, 10))).expect(201).json["id"]
        equal(seen(), {"10": [b, c], "11": [a, b, c]}, "booked")
        person.post(f"/api/bookings/{made}/reschedule/", {"starts_at": at(3, 11), "staff": b}).expect(200)
        equal(seen(), {"10": [a, b, c], "11": [a, c]}, "moved to another time and member")
        person.post(f"/api/bookings/{made}/reschedule/", {"starts_at": at(3, 11), "staff": c}).expect(200)
        equal(seen(), {"10": [a, b, c], "11": [a, b]}, "moved once more")
        person.post(f"/api/bookings/{made}/cancel/", {}).expect(200)
        equal(seen(), {"10": [a, b, c], "11": [a, b, c]}, "cancelled")
        equal(seen(roomy), {"10": [c], "11": [c]}, "with a room at first")
        visit = {"salon": salon.id, "items": [{"service": salon.service, "staff": a, "starts_at": at(3, 10)},
                                              {"service": roomy, "staff": c, "starts_at": at(3, 11)}]}
        person.post("/api/bookings/", visit).expect(201)
        equal((seen(), seen(roomy)), ({"10": [b, c], "11": [a, b]}, {"10": [c]}), "a visit, and the room with it")


def a_hold_that_runs_out_comes_back_by_itself(w):
    salon = Salon(w, duration=60, hours=((600, 660),), grid_minutes=60)
    with w.own_server(BOOKING_HOLD_SECONDS=2) as server:
        person, reader = w.sign_in(server=server), w.client(server=server)
        equal(len(salon.slots(reader).expect(200).json["slots"]), 1, "slots at first")
        held = person.post("/api/bookings/", salon.booking(at(3, 10), hold=True)).expect(201).json
        equal(salon.slots(reader).expect(200).json["slots"], [], "slots while it is held")
        w.db.rows("SELECT pg_sleep_until(hold_expires_at) FROM bookings_booking WHERE id = %s", held["id"])
        equal(len(salon.slots(reader).expect(200).json["slots"]), 1, "slots after it")
