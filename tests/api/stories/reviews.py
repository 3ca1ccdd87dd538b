"""Reviews: by customers, of their own completed bookings, once; and the rating that they make."""
from lib.catalogue import everything
from lib.check import absent, check, equal
from lib.crowd import at_once
from lib.salons import Salon, at

SALONS = "/api/salons/"


def _path(salon):
    return f"{SALONS}{salon.id}/reviews/"


def _visit(w, salon, customer=None, hour=12, status="completed"):
    """A booking of hers that is over as told: (customer, booking id)."""
    customer = customer or w.sign_in(language="en")
    made = customer.post("/api/bookings/", salon.booking(at(3, hour))).expect(201).json
    w.db.rows("UPDATE bookings_booking SET status = %s WHERE id = %s", status, made["id"])
    return customer, made["id"]


def a_customer_says_how_it_was_and_the_rating_follows(w):
    salon = Salon(w)
    for hour, rating, mean, count in ((9, 5, 5.0, 1), (11, 4, 4.5, 2), (13, 4, 4.33, 3)):
        customer, booking = _visit(w, salon, hour=hour)
        made = customer.post(_path(salon), {"booking": booking, "rating": rating, "comment": "  fine  "}).expect(201).json
        equal((made["rating"], made["comment"], made["service_name"]), (rating, "fine", "Service"), "the review")
        seen = w.client().get(f"{SALONS}{salon.id}/").expect(200).json
        equal((seen["rating"], seen["review_count"]), (mean, count), "rating and count")


def everybody_reads_reviews_newest_first_page_by_page(w):
    salon = Salon(w)
    for hour, rating in ((9, 5), (11, 1), (13, 3)):
        customer, booking = _visit(w, salon, hour=hour)
        customer.post(_path(salon), {"booking": booking, "rating": rating}).expect(201)
    equal([r["rating"] for r in everything(w.client(), _path(salon) + "?limit=1")], [3, 1, 5], "ratings")
    equal(w.client("ar").get(_path(salon) + "?limit=2").expect(200).json["results"][0]["service_name"], "خدمة", "service in Arabic")


def who_gave_no_name_stays_nameless(w):
    salon = Salon(w)
    named = w.sign_in(first_name="Noura", last_name="A")
    for customer, hour, name in ((named, 9, "Noura A"), (w.sign_in(), 11, None)):
        _, booking = _visit(w, salon, customer, hour)
        equal(customer.post(_path(salon), {"booking": booking, "rating": 5}).expect(201).json["author"], name, "author")
        absent(w.client().get(_path(salon)).expect(200).text, customer.phone, "reviews")


def only_own_bookings_at_that_salon_can_be_reviewed(w):
    salon, other = Salon(w), Salon(w)
    customer, booking = _visit(w, salon)
    for client, place, which in ((w.sign_in(), salon, booking), (customer, other, booking), (customer, salon, 10**12)):
        client.post(_path(place), {"booking": which, "rating": 1}).expect(404, "request.not_found")
    customer.post(f"{SALONS}{10**12}/reviews/", {"booking": booking, "rating": 1}).expect(404)
    w.client().post(_path(salon), {"booking": booking, "rating": 1}).expect(401)
    equal(w.db.one("SELECT count(*) FROM catalogue_review WHERE salon_id IN (%s, %s)", salon.id, other.id), 0, "reviews")


def only_completed_bookings_can_be_reviewed(w):
    salon = Salon(w)
    for hour, status in ((9, "confirmed"), (11, "pending"), (13, "cancelled"), (15, "no_show")):
        customer, booking = _visit(w, salon, hour=hour, status=status)
        for language, text in (("en", "Only completed bookings can be reviewed."), ("ar", "لا يمكن تقييم إلا الحجوزات المكتملة.")):
            answer = customer.as_language(language).post(_path(salon), {"booking": booking, "rating": 5}).expect(409, "review.not_completed")
            equal(answer.json["detail"], text, "detail")


def a_booking_is_reviewed_once_even_by_twins(w):
    salon = Salon(w)
    customer, booking = _visit(w, salon)
    statuses = at_once(range(8), lambda n: customer.on(w.main).post(_path(salon), {"booking": booking, "rating": 1 + n % 5}).status)
    equal(sorted(statuses), [201] + [409] * 7, "statuses")
    equal(customer.post(_path(salon), {"booking": booking, "rating": 5}).expect(409, "review.already_reviewed").json["detail"],
          "This booking has been reviewed already.", "detail")
    equal(w.client().get(f"{SALONS}{salon.id}/").expect(200).json["review_count"], 1, "count")


def many_reviews_at_once_are_all_counted(w):
    salon = Salon(w)
    visits = [_visit(w, salon, hour=hour) for hour in range(8, 20)]
    at_once(visits, lambda v: v[0].on(w.main).post(_path(salon), {"booking": v[1], "rating": 4}).expect(201))
    seen = w.client().get(f"{SALONS}{salon.id}/").expect(200).json
    equal((seen["rating"], seen["review_count"]), (4.0, 12), "rating and count")


def twenty_reviews_at_once_make_the_exact_mean(w):
    salon = Salon(w, staff=2)
    ratings = [1 + (n * n) % 5 for n in range(20)]
    visits = [_visit(w, salon, hour=hour) for hour in range(0, 20)]
    at_once(list(zip(visits, ratings)), lambda v: v[0][0].on(w.main).post(_path(salon), {"booking": v[0][1], "rating": v[1]}).expect(201))
    seen = w.client().get(f"{SALONS}{salon.id}/").expect(200).json
    equal((seen["rating"], seen["review_count"]), (round(sum(ratings) / 20, 2), 20), "rating and count")
    equal(w.db.one("SELECT rating_hundredths = round(avg(r.rating) * 100) FROM catalogue_salon s JOIN catalogue_review r ON r.salon_id = s.id "
                   "WHERE s.id = %s GROUP BY s.id", salon.id), True, "the stored mean")
    found = [review["id"] for review in everything(w.client(), _path(salon) + "?limit=7")]
    equal((len(found), found), (20, sorted(found, reverse=True)), "pages")


def comments_are_text_of_2000_characters_and_no_more(w):
    salon = Salon(w)
    for hour, comment, kept in ((9, "\u00e9" * 2000, "\u00e9" * 2000), (11, "\U0001f600" * 2000, "\U0001f600" * 2000), (13, None, ""),
                                (15, "   ", ""), (17, "<b>\u0634\u0643\u0631\u0627</b>", "<b>\u0634\u0643\u0631\u0627</b>")):
        customer, booking = _visit(w, salon, hour=hour)
        equal(customer.post(_path(salon), {"booking": booking, "rating": 5, "comment": comment}).expect(201).json["comment"], kept, "comment")
    customer, booking = _visit(w, salon, hour=19)
    customer.post(_path(salon), {"booking": booking, "rating": 5, "comment": "\U0001f600" * 2001}).expect(400, "request.invalid")
    customer.post(_path(salon), {"booking": booking, "rating": 5, "comment": "a\u0000b"}).expect(400)


def odd_reviews_are_refused_by_the_name_of_the_field(w):
    salon = Salon(w)
    customer, booking = _visit(w, salon)
    for body, field in (({"booking": booking, "rating": 6}, "rating"), ({"booking": booking, "rating": 0}, "rating"),
                        ({"booking": booking, "rating": 4.5}, "rating"), ({"rating": 5}, "booking"),
                        ({"booking": booking, "rating": 5, "comment": "x" * 2001}, "comment")):
        check(field in customer.post(_path(salon), body).expect(400, "request.invalid").json, f"{field} is not named")


def reviews_of_a_salon_that_is_not_there_are_404(w):
    w.client().get(f"{SALONS}{10**12}/reviews/").expect(404)


def a_review_with_a_key_may_be_sent_again(w):
    salon = Salon(w)
    customer, booking = _visit(w, salon)
    body, key = {"booking": booking, "rating": 5, "comment": "رائع"}, {"Idempotency-Key": '"story-review"'}
    answers = at_once(range(8), lambda _: customer.on(w.main).post(_path(salon), body, headers=key).expect(201))
    equal(len({answer.body for answer in answers}), 1, "different answers")
    equal(customer.as_language("ar").post(_path(salon), body, headers=key).expect(201).body, answers[0].body, "the answer later")
    customer.post(_path(salon), {**body, "rating": 4}, headers=key).expect(422, "idempotency.key_reused")
    equal(w.client().get(f"{SALONS}{salon.id}/").expect(200).json["review_count"], 1, "count")
