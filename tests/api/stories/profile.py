"""One's own profile, and the language one is answered in."""
from lib.check import check, equal
from lib.phones import new_phone
from lib.world import jwt, jwt_parts

ME = "/api/auth/me/"
MEMBERS = ["display_name", "email", "first_name", "id", "is_phone_verified", "last_name", "phone_number",
           "preferred_language", "role"]


def the_profile_shows_what_is_known_of_oneself(w):
    person = w.sign_in()
    profile = person.get(ME).expect(200).json
    check(set(MEMBERS) <= set(profile), f"missing: {set(MEMBERS) - set(profile)}")
    equal({name: profile[name] for name in MEMBERS},
          {"id": person.user["id"], "phone_number": person.phone, "email": None, "first_name": "", "last_name": "",
           "display_name": person.phone, "preferred_language": profile["preferred_language"], "role": "customer",
           "is_phone_verified": True}, "profile")
    check(profile["preferred_language"] in ("ar-sa", "en"), f"language {profile['preferred_language']}")


def login_and_profile_show_the_same_user(w):
    person = w.sign_in()
    equal(person.get(ME).expect(200).json, person.user, "profile")


def the_display_name_is_the_full_name_or_the_phone(w):
    person = w.sign_in()
    for first, last, shown in (("Sara", "Ali", "Sara Ali"), ("Sara", "", "Sara"), ("", "Ali", "Ali"), ("", "", person.phone)):
        profile = person.patch(ME, {"first_name": first, "last_name": last}).expect(200).json
        equal(profile["display_name"], shown, "display_name")


def the_email_is_never_the_display_name(w):
    person = w.sign_in()
    profile = person.patch(ME, {"email": f"a{person.phone[4:]}@example.com"}).expect(200).json
    equal(profile["display_name"], person.phone, "display_name")


def only_what_is_sent_is_changed(w):
    person = w.sign_in(first_name="Sara", last_name="Ali")
    profile = person.patch(ME, {"last_name": "Saleh"}).expect(200).json
    equal((profile["first_name"], profile["last_name"]), ("Sara", "Saleh"), "names")
    equal(person.patch(ME, {}).expect(200).json, profile, "the profile after an empty change")
    equal(person.get(ME).expect(200).json, profile, "the profile read again")


def names_keep_their_script(w):
    person = w.sign_in()
    for name in ("نورة", "Zoë", "李小龙", "👩‍🦱", "O'Neil \"X\" \\ / <b>"):
        equal(person.patch(ME, {"first_name": name}).expect(200).json["first_name"], name, "first_name")


def names_of_150_characters_fit(w):
    person = w.sign_in()
    equal(person.patch(ME, {"first_name": "ن" * 150}).expect(200).json["first_name"], "ن" * 150, "first_name")
    check("first_name" in person.patch(ME, {"first_name": "ن" * 151}).expect(400).json, "151 were not refused by name")


def the_email_is_changed_and_removed(w):
    person = w.sign_in()
    email = f"Mixed.Case{person.phone[4:]}@EXAMPLE.com"
    equal(person.patch(ME, {"email": email}).expect(200).json["email"], email.split("@")[0] + "@example.com", "email")
    equal(person.patch(ME, {"email": None}).expect(200).json["email"], None, "email after null")


def an_email_that_is_none_is_refused(w):
    person = w.sign_in(language="en")
    for typed in ("x", "@", "a@", "@b.c", "a b@example.com", "a@b@c.d", "a@example..com", "x" * 300 + "@example.com"):
        answer = person.patch(ME, {"email": typed}).expect(400)
        check("email" in answer.json, f"{typed!r}: {answer.json}")
    equal(person.patch(ME, {"email": "x"}).json["email"], ["Enter a valid email address."], "email")


def an_email_of_somebody_else_is_refused(w):
    holder, person = w.sign_in(), w.sign_in(language="en")
    email = f"mine{holder.phone[4:]}@example.com"
    holder.patch(ME, {"email": email}).expect(200)
    answer = person.patch(ME, {"email": email.upper().replace(email.split("@")[0].upper(), email.split("@")[0])}).expect(400)
    check("email" in answer.json or "detail" in answer.json, f"{answer.json}")
    equal(answer.json["code"], "account.email_taken", "code")


def what_is_not_ones_own_to_change_is_ignored(w):
    person = w.sign_in()
    person.patch(ME, {"role": "admin", "phone_number": new_phone(), "is_phone_verified": False, "id": 1}).expect(200)
    profile = person.get(ME).expect(200).json
    equal((profile["role"], profile["phone_number"], profile["is_phone_verified"], profile["id"]),
          ("customer", person.phone, True, person.user["id"]), "profile")


def fields_of_the_wrong_type_are_refused_and_nothing_is_changed(w):
    person = w.sign_in(first_name="Sara")
    for change in ({"first_name": 5}, {"first_name": None}, {"preferred_language": "fr"}, {"preferred_language": 1},
                   {"first_name": "Nora", "email": "x"}, {"first_name": "a\nb"}):
        person.patch(ME, change).expect(400)
    equal(person.get(ME).expect(200).json["first_name"], "Sara", "first_name")


def a_token_of_an_account_that_is_gone_is_401(w):
    person = w.sign_in()
    claims = jwt_parts(person.token)[1]
    person.token = jwt({**claims, "user_id": claims["user_id"] + 10**9})
    person.get(ME).expect(401)


# ---- language ----

def arabic_is_the_default(w):
    equal(w.client().get(ME).expect(401).json["detail"], "لم يتم تقديم بيانات الدخول.", "detail")


def the_header_chooses_the_language(w):
    for header, english in (("en", True), ("en-US,en;q=0.9", True), ("ar", False), ("ar-SA,ar;q=0.9,en;q=0.5", False),
                            ("fr,en;q=0.3,ar;q=0.2", True), ("fr", False), ("*", False), ("en;q=0", False), ("", False),
                            ("ar;q=0.1, en", True), ("EN", True), (";;;,,,q=x", False)):
        detail = w.client(header).get(ME).expect(401).json["detail"]
        equal("credentials" in detail, english, f"English for Accept-Language {header!r}")


def a_signed_in_user_is_answered_in_her_language(w):
    person = w.prefer(w.sign_in(), "en")
    equal(person.patch(ME, {"first_name": 5}).expect(400).json["first_name"], ["This field has the wrong type."], "first_name")
    w.prefer(person, "ar-sa")
    equal(person.patch(ME, {"first_name": 5}).expect(400).json["first_name"], ["نوع هذا الحقل غير صحيح."], "first_name")


def the_header_wins_over_her_language(w):
    person = w.prefer(w.sign_in(language="ar"), "en")
    equal(person.patch(ME, {"first_name": 5}).expect(400).json["first_name"], ["نوع هذا الحقل غير صحيح."], "first_name")


def her_language_is_used_by_every_endpoint(w):
    person = w.prefer(w.sign_in(), "en")
    equal(person.get("/api/bookings/999999999/").expect(404).json["detail"], "Not found.", "detail")
    equal(person.post("/api/bookings/", {}).expect(400).json["salon"], ["This field is required."], "salon")
