"""Logging in by phone: what may be typed, what is answered, which code opens the door."""
import datetime
import hashlib
import re
import uuid

from lib.check import absent, check, contains, equal, within
from lib.crowd import at_once
from lib.phones import arabic_digits, extended_arabic_digits, local_part, new_phone
from lib.world import TEST_CODE, TEST_PHONE, jwt_parts

REQUEST, VERIFY = "/api/auth/phone/request/", "/api/auth/phone/verify/"
PROVE, PROVEN = "/api/auth/otp/request/", "/api/auth/otp/verify/"
BAD_PHONE = {"en": "Phone number must be in E.164 format or a valid Saudi mobile",
             "ar": "يجب أن يكون رقم الهاتف بصيغة E.164 أو رقم جوال سعودي صالح"}
NO_TEXTS = {"en": "This number cannot receive text messages. Use a mobile number, or ask for the code by WhatsApp.",
            "ar": "لا يمكن لهذا الرقم استقبال الرسائل النصية. استخدم رقم جوال، أو اطلب الرمز عبر واتساب."}
BAD_CODE = {"en": "Invalid or expired code", "ar": "الرمز غير صحيح أو منتهي الصلاحية"}


def _rows_of(w, phone):
    return w.db.rows("SELECT o.* FROM otp_request o WHERE o.phone_number = %s ORDER BY o.created_at", phone)


def _wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def _expire(w, request_id):
    w.db.rows("UPDATE otp_request SET expires_at = now() - interval '1 second' WHERE id = %s", request_id)


# ---- phone numbers ----

def every_local_form_of_a_saudi_mobile_becomes_e164(w):
    forms = {
        "05 and eight digits": lambda p: "0" + local_part(p),
        "nine digits": local_part,
        "966": lambda p: p[1:],
        "00966": lambda p: "00" + p[1:],
        "E.164": lambda p: p,
        "Arabic-Indic digits": lambda p: arabic_digits("0" + local_part(p)),
        "extended Arabic-Indic digits": lambda p: extended_arabic_digits("0" + local_part(p)),
        "Arabic-Indic E.164": lambda p: "+" + arabic_digits(p[1:]),
        "spaces": lambda p: f"{p[:4]} {p[4:6]} {p[6:9]} {p[9:]}",
        "dashes and brackets": lambda p: f"(0{p[4:6]}) {p[6:9]}-{p[9:]}",
        "no-break space": lambda p: p[:4] + "\u00a0" + p[4:],
        "direction marks": lambda p: "\u202a" + p + "\u202c",
        "left-to-right mark": lambda p: "\u200e" + p,
        "isolates": lambda p: "\u2066" + p + "\u2069",
        "full-width plus": lambda p: "\uff0b" + p[1:],
        "a zero after 966": lambda p: "+9660" + local_part(p),
    }
    for name, write in forms.items():
        phone = new_phone()
        w.client().post(REQUEST, {"phone_number": write(phone), "channel": "sms"}).expect(201)
        check(w.has_user(phone), f"{name}: {write(phone)!r} did not become {phone}")


def a_number_of_another_gulf_state_gets_a_code(w):
    w.client().post(REQUEST, {"phone_number": "+971 50 123 4567", "channel": "sms"}).expect(201)
    check(w.has_user("+971501234567"), "no user with the number in E.164")


def prefixes_that_are_younger_than_debian_get_a_code(w):
    for typed in ("+971 53 123 4567", "+968 7712 3456", "+973 3301 2345", "+965 9010 1234"):
        w.client().post(REQUEST, {"phone_number": typed, "channel": "sms"}).expect(201)


def a_landline_is_refused_a_text_message_and_gets_its_code_by_whatsapp(w):
    for language, text in NO_TEXTS.items():
        for typed, e164 in (("+966 11 200 0001", "+966112000001"), ("+971 4 234 5678", "+97142345678"), ("+966 9200 12345", "+966920012345")):
            client = w.client(language)
            for path in (REQUEST, PROVE):
                answer = client.post(path, {"phone_number": typed, "channel": "sms"}).expect(400, "otp.number_without_sms")
                equal(answer.json.get("phone_number"), [text], f"phone_number for {typed!r}")
            check(not w.has_user(e164), f"a user was made for {typed}")
    request_id, code = w.ask_code(w.client(), "+966112000001", channel="whatsapp")
    w.client().post(VERIFY, {"request_id": request_id, "code": code}).expect(200)


def what_is_no_phone_number_is_refused_in_the_exact_words(w):
    for language, text in BAD_PHONE.items():
        client = w.client(language)
        for typed in ("abc", "12345", "0512345", "05123456789", "+9665123456789", "+999123456789", "+", "00", "+0512345678",
                      "0612345678", "05１2345678x", "+966 5" * 20, "+96651234567a", "5123-4567", "\u0665", "٠", "0512345678;"):
            answer = client.post(REQUEST, {"phone_number": typed, "channel": "sms"}).expect(400)
            equal(answer.json.get("phone_number"), [text], f"phone_number for {typed!r}")


def refusals_about_the_phone_carry_a_code(w):
    w.client().post(REQUEST, {"phone_number": "abc", "channel": "sms"}).expect(400, "phone.invalid")


def a_number_outside_the_allowed_countries_gets_no_code(w):
    for typed in ("+12025550123", "+447400123456"):
        w.client("en").post(REQUEST, {"phone_number": typed, "channel": "sms"}).expect(400, "otp.country_not_allowed")
        check(not w.has_user(typed), f"a user was made for {typed}")


def the_allowed_countries_are_a_setting(w):
    client = w.client(server=w.server(OTP_ALLOWED_COUNTRIES="SA,GB"))
    client.post(REQUEST, {"phone_number": "+447400123457", "channel": "sms"}).expect(201)
    client.post(REQUEST, {"phone_number": "+971501234568", "channel": "sms"}).expect(400, "otp.country_not_allowed")


# ---- asking for a code ----

def asking_for_a_code_answers_a_request_id_and_when_it_expires(w):
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = w.client().post(REQUEST, {"phone_number": new_phone(), "channel": "sms"}).expect(201).json
    equal(sorted(answer), ["expires_at", "request_id"], "members")
    uuid.UUID(answer["request_id"])
    expires = datetime.datetime.fromisoformat(answer["expires_at"].replace("Z", "+00:00"))
    within((expires - before).total_seconds(), 299, 330, "seconds until it expires")


def the_message_carries_a_code_of_six_digits(w):
    client, phone = w.client(), new_phone()
    since = client.server.log_size()
    client.post(REQUEST, {"phone_number": phone, "channel": "whatsapp"}).expect(201)
    message = client.server.message_after(phone, since)
    check(re.fullmatch(r"\d{6}", message["code"]), f"code {message['code']!r}")
    equal((message["provider"], message["channel"]), ("console", "whatsapp"), "provider and channel")
    contains(message["text"], message["code"], "text")


def the_message_is_arabic_unless_english_was_asked_for(w):
    for language, word in ((None, "رمز"), ("en", "code"), ("ar-SA", "رمز")):
        client, phone = w.client(language), new_phone()
        since = client.server.log_size()
        client.post(REQUEST, {"phone_number": phone, "channel": "sms"}).expect(201)
        contains(client.server.message_after(phone, since)["text"], word, f"text for {language}")


def the_user_is_made_when_the_code_is_asked_for(w):
    phone = new_phone()
    w.client().post(REQUEST, {"phone_number": phone, "channel": "sms", "first_name": "Sara", "last_name": "Ali",
                              "email": f"sara{phone[4:]}@example.com"}).expect(201)
    user = w.user_row(phone)
    equal((user["role"], user["is_phone_verified"]), ("customer", False), "role and verified")
    equal((user["first_name"], user["last_name"], user["email"]), ("", "", None), "names and email before the code was entered")


def names_and_email_are_applied_when_the_code_is_entered(w):
    phone = new_phone()
    email = f"Noura{phone[4:]}@Example.COM"
    person = w.sign_in(phone, first_name="نورة", last_name="العتيبي", email=email)
    equal(person.user["display_name"], "نورة العتيبي", "display_name")
    equal(person.user["email"], f"Noura{phone[4:]}@example.com", "email, its domain in lower case")


def the_device_and_the_address_are_kept_with_the_request(w):
    client, phone = w.client(address="203.0.113.77"), new_phone()
    client.post(REQUEST, {"phone_number": phone, "channel": "sms", "device_id": "iphone-1"}).expect(201)
    row = _rows_of(w, phone)[-1]
    equal(row["device"], "sha256:" + _sha("iphone-1"), "device")
    equal(row["address"], "203.0.113.77", "address")


def without_a_device_id_the_agent_and_language_are_the_device(w):
    client, phone = w.client("en", agent="Mawid/1.0 (story)"), new_phone()
    client.post(REQUEST, {"phone_number": phone, "channel": "sms"}).expect(201)
    equal(_rows_of(w, phone)[-1]["device"], "sha256:" + _sha("Mawid/1.0 (story)|en"), "device")


def without_agent_and_language_there_is_no_device(w):
    client, phone = w.client(), new_phone()
    client.post(REQUEST, {"phone_number": phone, "channel": "sms"}, headers={"User-Agent": None}).expect(201)
    equal(_rows_of(w, phone)[-1]["device"], "", "device")


def _sha(text):
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def fields_of_the_request_are_checked(w):
    good = {"phone_number": "0512345678", "channel": "sms"}
    for field, value in (("phone_number", None), ("phone_number", ""), ("phone_number", 512345678), ("channel", "email"),
                         ("channel", ""), ("channel", 1), ("device_id", "x" * 129), ("email", "not-an-address"), ("email", "a@b@c"),
                         ("first_name", "x" * 151), ("last_name", "x" * 151), ("first_name", ["x"]), ("last_name", "a\tb")):
        answer = w.client().post(REQUEST, {**good, field: value}).expect(400)
        check(field in answer.json, f"{field}={value!r}: {answer.json}")


def without_a_channel_the_code_goes_by_sms(w):
    client, phone = w.client(), new_phone()
    since = client.server.log_size()
    client.post(REQUEST, {"phone_number": phone}).expect(201)
    equal(client.server.message_after(phone, since)["channel"], "sms", "channel")


def an_email_that_another_account_holds_is_refused_and_nothing_is_made(w):
    holder, phone = new_phone(), new_phone()
    email = f"taken{holder[4:]}@example.com"
    w.sign_in(holder, email=email)
    for typed in (email, email.replace("example", "EXAMPLE")):
        answer = w.client("en").post(REQUEST, {"phone_number": phone, "channel": "sms", "email": typed}).expect(400)
        check(isinstance(answer.json.get("detail"), str), f"no detail: {answer.json}")
        equal(answer.json["code"], "account.email_taken", "code")
    check(not w.has_user(phone), "a user was made")
    equal(_rows_of(w, phone), [], "requests")


def of_two_who_wait_with_one_email_the_first_to_enter_gets_it(w):
    clients, phones = [w.client("en"), w.client("en")], [new_phone(), new_phone()]
    email = f"both{phones[0][4:]}@example.com"
    waiting = [w.ask_code(client, phone, email=email) for client, phone in zip(clients, phones)]
    emails = [client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200).json["user"]["email"]
              for client, (request_id, code) in zip(clients, waiting)]
    equal(emails, [email, None], "emails")


def many_first_requests_at_once_make_one_user(w):
    server, phone = w.server(OTP_RESEND_COOLDOWN_SECONDS=0), new_phone()
    clients = [w.client(server=server) for _ in range(5)]
    statuses = at_once(clients, lambda client: client.post(REQUEST, {"phone_number": phone, "channel": "sms"}).status)
    equal(statuses, [201] * 5, "statuses")
    equal(w.db.one("SELECT count(*) FROM accounts_user WHERE phone_number = %s", phone), 1, "users")


def a_refused_request_does_not_count(w):
    client, phone = w.client(), new_phone()
    holder = new_phone()
    w.sign_in(holder, email=f"once{holder[4:]}@example.com")
    client.post(REQUEST, {"phone_number": phone, "channel": "sms", "email": f"once{holder[4:]}@example.com"}).expect(400)
    client.post(REQUEST, {"phone_number": phone, "channel": "sms"}).expect(201)


def a_holder_may_name_her_own_email_again(w):
    phone = new_phone()
    email = f"own{phone[4:]}@example.com"
    w.sign_in(phone, email=email)
    w.db.rows("UPDATE accounts_user SET first_name = '' WHERE phone_number = %s", phone)
    answer = w.client(server=w.server(OTP_RESEND_COOLDOWN_SECONDS=0)).post(
        REQUEST, {"phone_number": phone, "channel": "sms", "email": email})
    answer.expect(201)


def the_answer_is_the_same_for_known_and_unknown_phones(w):
    known = w.sign_in()
    quick = w.server(OTP_RESEND_COOLDOWN_SECONDS=0)
    for phone in (known.phone, new_phone()):
        equal(sorted(w.client(server=quick).post(REQUEST, {"phone_number": phone, "channel": "sms"}).expect(201).json),
              ["expires_at", "request_id"], "members")


# ---- entering it ----

def the_right_code_opens_a_session(w):
    client, phone = w.client(), new_phone()
    request_id, code = w.ask_code(client, phone)
    answer = client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200).json
    equal(sorted(answer), ["access", "is_new", "refresh", "user"], "members")
    equal((answer["user"]["phone_number"], answer["user"]["role"], answer["user"]["is_phone_verified"], answer["is_new"]),
          (phone, "customer", True, True), "phone, role, verified, new")
    equal(answer["user"]["display_name"], phone, "display_name")
    check(w.user_row(phone)["is_phone_verified"], "the database does not know")
    equal(jwt_parts(answer["access"])[1]["user_id"], answer["user"]["id"], "user_id in the token")


def the_second_login_is_not_new(w):
    person = w.sign_in()
    client = w.client(server=w.server(OTP_RESEND_COOLDOWN_SECONDS=0))
    request_id, code = w.ask_code(client, person.phone)
    again = client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200).json
    equal((again["is_new"], again["user"]["id"]), (False, person.user["id"]), "new and id")


def a_code_typed_in_arabic_digits_is_the_same_code(w):
    client = w.client()
    request_id, code = w.ask_code(client, new_phone())
    client.post(VERIFY, {"request_id": request_id, "code": arabic_digits(code)}).expect(200)


def a_wrong_code_is_refused_in_the_exact_words(w):
    for language, text in BAD_CODE.items():
        client = w.client(language)
        request_id, code = w.ask_code(client, new_phone())
        answer = client.post(VERIFY, {"request_id": request_id, "code": _wrong(code)}).expect(400, "otp.invalid")
        equal(answer.json["detail"], text, "detail")


def every_way_of_being_the_wrong_code_gets_one_answer(w):
    client = w.client("en")
    used, used_code = w.ask_code(client, new_phone())
    client.post(VERIFY, {"request_id": used, "code": used_code}).expect(200)
    expired, expired_code = w.ask_code(client, new_phone())
    _expire(w, expired)
    wrong, wrong_code = w.ask_code(client, new_phone())
    purpose, purpose_code = w.ask_code(client, new_phone(), PROVE)
    answers = []
    for request_id, code in ((used, used_code), (expired, expired_code), (wrong, _wrong(wrong_code)),
                             (purpose, purpose_code), (str(uuid.uuid4()), "123456")):
        answer = client.post(VERIFY, {"request_id": request_id, "code": code}).expect(400).json
        answers.append({name: value for name, value in answer.items() if name != "request_id"})
    equal(answers, [{"detail": "Invalid or expired code", "code": "otp.invalid"}] * 5, "answers")


def a_login_code_does_not_prove_a_phone(w):
    client = w.client("en")
    request_id, code = w.ask_code(client, new_phone())
    client.post(PROVEN, {"request_id": request_id, "code": code}).expect(400, "otp.invalid")
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200)


def a_phone_is_proved_again_by_its_own_kind_of_code(w):
    client, phone = w.client(), new_phone()
    request_id, code = w.ask_code(client, phone, PROVE)
    equal(client.post(PROVEN, {"request_id": request_id, "code": code}).expect(200).json, {"verified": True}, "answer")
    client.post(PROVEN, {"request_id": request_id, "code": code}).expect(400, "otp.invalid")


def proving_a_phone_is_limited_like_logging_in(w):
    server, phone = w.server(OTP_RESEND_COOLDOWN_SECONDS=0), new_phone()
    client = w.client("en", server=server)
    client.post(PROVE, {"phone_number": "abc"}).expect(400, "phone.invalid")
    for _ in range(2):
        request_id, code = w.ask_code(client, phone, PROVE)
        for _ in range(5):
            client.post(PROVEN, {"request_id": request_id, "code": _wrong(code)}).expect(400, "otp.invalid")
    request_id, code = w.ask_code(client, phone, PROVE)
    client.post(PROVEN, {"request_id": request_id, "code": code}).expect(429, "otp.verify_phone_limit")


def a_code_is_good_once(w):
    client = w.client()
    request_id, code = w.ask_code(client, new_phone())
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200)
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(400, "otp.invalid")


def an_expired_code_counts_no_attempt(w):
    client, phone = w.client(), new_phone()
    request_id, code = w.ask_code(client, phone)
    _expire(w, request_id)
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(400, "otp.invalid")
    equal(_rows_of(w, phone)[-1]["attempts"], 0, "attempts")


def after_five_wrong_codes_even_the_right_one_fails(w):
    client, phone = w.client(), new_phone()
    request_id, code = w.ask_code(client, phone)
    for _ in range(5):
        client.post(VERIFY, {"request_id": request_id, "code": _wrong(code)}).expect(400, "otp.invalid")
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(400, "otp.invalid")
    check(not w.user_row(phone)["is_phone_verified"], "the user was verified")


def the_fifth_attempt_may_still_be_the_right_one(w):
    client = w.client()
    request_id, code = w.ask_code(client, new_phone())
    for _ in range(4):
        client.post(VERIFY, {"request_id": request_id, "code": _wrong(code)}).expect(400, "otp.invalid")
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200)


def parallel_guesses_are_all_counted(w):
    client, phone = w.client(), new_phone()
    request_id, code = w.ask_code(client, phone)
    guesses = [f"{(int(code) + n) % 10**6:06d}" for n in range(1, 31)]
    statuses = at_once(guesses, lambda guess: w.client().post(VERIFY, {"request_id": request_id, "code": guess}).status)
    check(set(statuses) <= {400, 429}, f"statuses {set(statuses)}")
    check(client.post(VERIFY, {"request_id": request_id, "code": code}).status in (400, 429), "the right code came through")
    check(not w.user_row(phone)["is_phone_verified"], "the user was verified")
    equal(_rows_of(w, phone)[-1]["attempts"], 5, "attempts")


def attempts_are_limited_per_phone_over_all_its_codes(w):
    server, phone = w.server(OTP_RESEND_COOLDOWN_SECONDS=0), new_phone()
    for _ in range(2):
        request_id, code = w.ask_code(w.client(server=server), phone)
        for _ in range(5):
            w.client(server=server).post(VERIFY, {"request_id": request_id, "code": _wrong(code)}).expect(400, "otp.invalid")
    request_id, code = w.ask_code(w.client(server=server), phone)
    answer = w.client("en", server=server).post(VERIFY, {"request_id": request_id, "code": code})
    answer.expect(429, "otp.verify_phone_limit")
    within(answer.json["retry_after_seconds"], 14 * 60, 15 * 60, "retry_after_seconds")
    equal(answer.header("Retry-After"), str(answer.json["retry_after_seconds"]), "Retry-After")


def attempts_are_limited_per_address(w):
    client = w.client("en")
    for _ in range(12):
        request_id, code = w.ask_code(w.client(), new_phone())
        for _ in range(5):
            client.post(VERIFY, {"request_id": request_id, "code": _wrong(code)}).expect(400, "otp.invalid")
    request_id, code = w.ask_code(w.client(), new_phone())
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(429, "otp.verify_address_limit")
    w.client().post(VERIFY, {"request_id": request_id, "code": code}).expect(200)


def of_many_who_enter_the_right_code_at_once_one_gets_in(w):
    client = w.client()
    request_id, code = w.ask_code(client, new_phone())
    statuses = at_once(range(16), lambda _: w.client().post(VERIFY, {"request_id": request_id, "code": code}).status)
    equal(sorted(statuses), [200] + [400] * 15, "statuses")


def a_newer_request_replaces_the_older_one(w):
    client, phone = w.client(server=w.server(OTP_RESEND_COOLDOWN_SECONDS=0)), new_phone()
    old, old_code = w.ask_code(client, phone)
    new, new_code = w.ask_code(client, phone)
    client.post(VERIFY, {"request_id": old, "code": old_code}).expect(400, "otp.invalid")
    client.post(VERIFY, {"request_id": new, "code": new_code}).expect(200)


def a_request_of_another_purpose_replaces_nothing(w):
    client, phone = w.client(server=w.server(OTP_RESEND_COOLDOWN_SECONDS=0)), new_phone()
    login, login_code = w.ask_code(client, phone)
    prove, prove_code = w.ask_code(client, phone, PROVE)
    client.post(VERIFY, {"request_id": login, "code": login_code}).expect(200)
    client.post(PROVEN, {"request_id": prove, "code": prove_code}).expect(200)


def a_code_that_is_no_code_is_one_of_the_wrong_ones_or_a_broken_field(w):
    client = w.client("en")
    for odd in ("12345", "1234567", "abcdef", "", "      ", "{code} x", "-12345", "{code}0"):
        request_id, code = w.ask_code(client, new_phone())
        client.post(VERIFY, {"request_id": request_id, "code": odd.format(code=code)}).expect(400)
        client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200)


def a_request_id_that_is_no_uuid_is_400(w):
    for odd in ("", "1", "' OR 1=1 --", "00000000-0000-0000-0000-00000000000", 7, None):
        w.client().post(VERIFY, {"request_id": odd, "code": "123456"}).expect(400)


def fields_of_verify_are_required(w):
    answer = w.client("en").post(VERIFY, {}).expect(400)
    required = ["This field is required."]
    equal(answer.json, {"field_request_id": required, "field_code": required, "code": "request.invalid",
                        "request_id": answer.header("X-Request-Id")}, "answer")


def the_database_holds_no_code(w):
    client, phone = w.client(), new_phone()
    _, code = w.ask_code(client, phone)
    row = _rows_of(w, phone)[-1]
    for name, value in row.items():
        if name not in ("id", "created_at", "expires_at", "phone_number", "address"):
            text = bytes(value).hex() if isinstance(value, (memoryview, bytes)) else str(value)
            absent(text, code, f"column {name}")


def a_code_that_expires_is_kept_for_the_minutes_of_the_setting(w):
    client = w.client(server=w.server(OTP_EXPIRY_MINUTES=2))
    answer = client.post(REQUEST, {"phone_number": new_phone(), "channel": "sms"}).expect(201).json
    expires = datetime.datetime.fromisoformat(answer["expires_at"].replace("Z", "+00:00"))
    within((expires - datetime.datetime.now(datetime.timezone.utc)).total_seconds(), 60, 120, "seconds until it expires")


# ---- test numbers ----

def a_test_number_has_a_fixed_code_and_sends_nothing(w):
    client = w.client()
    since = client.server.log_size()
    asked = client.post(REQUEST, {"phone_number": TEST_PHONE, "channel": "sms"}).expect(201).json
    client.post(VERIFY, {"request_id": asked["request_id"], "code": TEST_CODE}).expect(200)
    equal(client.server.messages(TEST_PHONE, since), [], "messages")


def limits_do_not_apply_to_test_numbers(w):
    client = w.client()
    for _ in range(25):
        client.post(REQUEST, {"phone_number": TEST_PHONE, "channel": "sms", "device_id": "d"}).expect(201)


def a_wrong_code_for_a_test_number_is_wrong(w):
    client = w.client()
    asked = client.post(REQUEST, {"phone_number": TEST_PHONE, "channel": "sms"}).expect(201).json
    client.post(VERIFY, {"request_id": asked["request_id"], "code": "000000"}).expect(400, "otp.invalid")
