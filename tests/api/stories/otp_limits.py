"""How often codes may be asked for: per phone, per address, per device; in which order; in which words."""
from lib.check import check, equal, within
from lib.crowd import at_once
from lib.phones import new_phone

REQUEST, VERIFY, PROVE = "/api/auth/phone/request/", "/api/auth/phone/verify/", "/api/auth/otp/request/"
FROM_ADDRESS = "Too many OTP requests from this IP. Try again later."
FROM_DEVICE = "Too many OTP requests from this device. Try again later."


def _ask(client, phone=None, **more):
    return client.post(more.pop("path", REQUEST), {"phone_number": phone or new_phone(), "channel": "sms", **more})


def _refused(answer, code):
    """A refusal for frequency: body and header say the same whole number of seconds."""
    answer.expect(429, code)
    seconds = answer.json["retry_after_seconds"]
    check(isinstance(seconds, int) and seconds > 0, f"retry_after_seconds {seconds!r}")
    equal(answer.header("Retry-After"), str(seconds), "Retry-After")
    return seconds


def _quick(w, **more):
    """A server without the pause between two codes, for filling windows."""
    return w.server(OTP_RESEND_COOLDOWN_SECONDS=0, **more)


# ---- the pause ----

def right_after_a_code_the_pause_is_exactly_60_seconds(w):
    client, phone = w.client("en"), new_phone()
    _ask(client, phone).expect(201)
    equal(_refused(_ask(client, phone), "otp.cooldown"), 60, "retry_after_seconds")


def the_pause_holds_for_any_channel_purpose_and_address(w):
    phone = new_phone()
    _ask(w.client(), phone).expect(201)
    _refused(_ask(w.client(), phone, channel="whatsapp"), "otp.cooldown")
    _refused(_ask(w.client(), phone, path=PROVE), "otp.cooldown")
    _refused(_ask(w.client(), "0" + phone[4:]), "otp.cooldown")


def a_successful_login_does_not_end_the_pause(w):
    person = w.sign_in()
    _refused(_ask(w.client(), person.phone), "otp.cooldown")


def a_request_refused_by_the_pause_makes_nothing(w):
    client, phone = w.client(), new_phone()
    request_id, code = w.ask_code(client, phone)
    before = w.db.one("SELECT count(*) FROM otp_request WHERE phone_number = %s", phone)
    since = client.server.log_size()
    _refused(_ask(client, phone), "otp.cooldown")
    equal(w.db.one("SELECT count(*) FROM otp_request WHERE phone_number = %s", phone), before, "requests")
    equal(client.server.messages(phone, since), [], "messages")
    client.post(VERIFY, {"request_id": request_id, "code": code}).expect(200)


def requests_refused_by_the_pause_do_not_fill_the_window(w):
    client, phone = w.client(), new_phone()
    _ask(client, phone).expect(201)
    for _ in range(8):
        _refused(_ask(client, phone), "otp.cooldown")


def the_pause_has_words_in_both_languages(w):
    for language, text in (("en", "Please wait before requesting another code."), ("ar", "يرجى الانتظار قبل طلب رمز آخر.")):
        client, phone = w.client(language), new_phone()
        _ask(client, phone).expect(201)
        equal(_ask(client, phone).json["detail"], text, "detail")


# ---- the phone's window ----

def five_codes_per_phone_and_window(w):
    phone, server = new_phone(), _quick(w)
    for _ in range(5):
        _ask(w.client(server=server), phone).expect(201)
    seconds = _refused(_ask(w.client("en", server=server), phone), "otp.phone_limit")
    within(seconds, 15 * 60 - 60, 15 * 60, "seconds until the oldest of five is out of the window")


def all_channels_and_purposes_count_together_for_a_phone(w):
    phone, server = new_phone(), _quick(w)
    for path, channel in ((REQUEST, "sms"), (PROVE, "sms"), (REQUEST, "whatsapp"), (PROVE, "whatsapp"), (REQUEST, "sms")):
        _ask(w.client(server=server), phone, path=path, channel=channel).expect(201)
    _refused(_ask(w.client(server=server), phone), "otp.phone_limit")


def the_window_is_judged_before_the_pause(w):
    phone = new_phone()
    server = w.server(OTP_MAX_PER_WINDOW=1)
    _ask(w.client(server=server), phone).expect(201)
    seconds = _refused(_ask(w.client(server=server), phone), "otp.phone_limit")
    within(seconds, 14 * 60, 15 * 60, "retry_after_seconds")


def the_window_never_promises_less_than_the_pause(w):
    phone = new_phone()
    server = w.server(OTP_MAX_PER_WINDOW=1, OTP_WINDOW_MINUTES=1, OTP_RESEND_COOLDOWN_SECONDS=300)
    _ask(w.client(server=server), phone).expect(201)
    within(_refused(_ask(w.client(server=server), phone), "otp.phone_limit"), 299, 300, "retry_after_seconds")


def a_request_refused_by_the_window_makes_no_user(w):
    client = w.client(server=_quick(w))
    for _ in range(20):
        _ask(client).expect(201)
    phone = new_phone()
    _refused(_ask(client, phone), "otp.address_limit")
    check(not w.has_user(phone), "a user was made")


def two_at_once_never_share_the_last_place(w):
    phone, server = new_phone(), w.main
    clients = [w.client(server=server) for _ in range(24)]
    statuses = at_once(clients, lambda client: _ask(client, phone).status)
    equal(sorted(statuses), [201] + [429] * 23, "statuses")
    phone, server = new_phone(), _quick(w)
    statuses = at_once([w.client(server=server) for _ in range(24)], lambda client: _ask(client, phone).status)
    equal(sorted(statuses), [201] * 5 + [429] * 19, "statuses with room for five")


# ---- the address ----

def twenty_codes_per_address_and_window(w):
    client = w.client("en")
    for n in range(20):
        _ask(client, device_id=f"device {n}").expect(201)
    answer = _ask(client, device_id="another")
    within(_refused(answer, "otp.address_limit"), 14 * 60, 15 * 60, "retry_after_seconds")
    equal(answer.json["detail"], FROM_ADDRESS, "detail")


def the_words_about_the_address_in_arabic(w):
    client = w.client(server=w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1))
    _ask(client).expect(201)
    equal(_ask(client).expect(429).json["detail"],
          "طلبات كثيرة للرمز من عنوان الإنترنت هذا. حاول مرة أخرى لاحقًا.", "detail")


def the_address_is_judged_on_every_sender(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1)
    client = w.client(server=server)
    _ask(client, path=PROVE).expect(201)
    _refused(_ask(client, path=REQUEST), "otp.address_limit")
    _refused(_ask(client, path=PROVE), "otp.address_limit")


def an_ipv6_caller_is_counted_by_its_64(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1)
    _ask(w.client(server=server, address="2001:db8:1:2::1")).expect(201)
    _refused(_ask(w.client(server=server, address="2001:db8:1:2:ffff::9")), "otp.address_limit")
    _ask(w.client(server=server, address="2001:db8:1:3::1")).expect(201)


def an_ipv4_address_written_as_ipv6_is_the_same_address(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1)
    _ask(w.client(server=server, address="198.51.100.7")).expect(201)
    _refused(_ask(w.client(server=server, address="::ffff:198.51.100.7")), "otp.address_limit")
    _ask(w.client(server=server, address="::ffff:198.51.100.8")).expect(201)


def zero_switches_the_address_limit_off(w):
    for value in (0, -1):
        client = w.client(server=w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=value))
        for n in range(25):
            _ask(client, device_id=f"d{n}").expect(201)


def the_right_most_untrusted_forwarded_address_counts(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1, TRUSTED_PROXIES="127.0.0.0/8,10.0.0.0/8")
    _ask(w.client(server=server, address="6.6.6.6, 192.0.2.1, 10.1.1.1")).expect(201)
    _refused(_ask(w.client(server=server, address="7.7.7.7, 192.0.2.1, 10.2.2.2")), "otp.address_limit")
    _ask(w.client(server=server, address="192.0.2.1, 192.0.2.2")).expect(201)


def several_forwarded_lines_are_one_list(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1)
    def ask(*lines):
        body = f'{{"phone_number": "{new_phone()}", "channel": "sms"}}'
        with w.wire(server=server) as wire:
            wire.send("POST /api/auth/phone/request/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                      + "".join(f"X-Forwarded-For: {line}\r\n" for line in lines)
                      + f"Content-Length: {len(body)}\r\n\r\n{body}")
            return wire.answer().status
    equal([ask("6.6.6.6", "203.0.113.5"), ask("7.7.7.7", "203.0.113.5"), ask("203.0.113.5, 127.0.0.9"),
           ask("203.0.113.5:4711"), ask("203.0.113.5", "203.0.113.6")], [201, 429, 429, 429, 201], "statuses")


def a_forwarded_address_that_is_none_counts_as_the_proxy(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1, TRUSTED_PROXIES="127.0.0.1/32")
    w.pair.redis("FLUSHALL")
    equal([_ask(w.client(server=server, address=address)).status for address in ("unknown", "' OR 1=1", "_hidden")],
          [201, 429, 429], "statuses")


def a_forwarded_address_is_not_believed_without_trusted_proxies(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1, TRUSTED_PROXIES="192.0.2.0/24")
    w.pair.redis("FLUSHALL")  # 127.0.0.1 itself is counted here
    first = _ask(w.client(server=server, address="198.51.100.50"))
    second = _ask(w.client(server=server, address="198.51.100.51"))
    equal((first.status, second.status), (201, 429), "statuses")


# ---- the device ----

def twenty_codes_per_device_and_window(w):
    server = w.main
    for _ in range(20):
        _ask(w.client(server=server), device_id="stolen phone 1").expect(201)
    answer = _ask(w.client("en", server=server), device_id="stolen phone 1")
    _refused(answer, "otp.device_limit")
    equal(answer.json["detail"], FROM_DEVICE, "detail")


def the_words_about_the_device_in_arabic(w):
    server = w.server(PHONE_AUTH_DEVICE_MAX_PER_WINDOW=1)
    _ask(w.client(server=server), device_id="d-ar").expect(201)
    equal(_ask(w.client(server=server), device_id="d-ar").expect(429).json["detail"],
          "طلبات كثيرة للرمز من هذا الجهاز. حاول مرة أخرى لاحقًا.", "detail")


def without_a_device_id_the_same_agent_and_language_are_one_device(w):
    server = w.server(PHONE_AUTH_DEVICE_MAX_PER_WINDOW=1)
    first = w.client("en", server=server, agent="one and the same")
    _ask(first).expect(201)
    _refused(_ask(w.client("en", server=server, agent="one and the same", address=first.address)), "otp.device_limit")
    _ask(w.client("ar", server=server, agent="one and the same", address=first.address)).expect(201)


def strangers_with_the_same_kind_of_phone_do_not_share_a_limit(w):
    server = w.server(PHONE_AUTH_DEVICE_MAX_PER_WINDOW=1)
    for _ in range(3):
        _ask(w.client("en", server=server, agent="the most common phone")).expect(201)


def without_any_device_signal_no_device_is_counted(w):
    server = w.server(PHONE_AUTH_DEVICE_MAX_PER_WINDOW=1)
    for _ in range(3):
        client = w.client(server=server)
        client.post(REQUEST, {"phone_number": new_phone(), "channel": "sms"}, headers={"User-Agent": None}).expect(201)


def zero_switches_the_device_limit_off(w):
    server = w.server(PHONE_AUTH_DEVICE_MAX_PER_WINDOW=0)
    for _ in range(25):
        _ask(w.client(server=server), device_id="the same").expect(201)


# ---- the order ----

def the_address_is_judged_before_the_device(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=1, PHONE_AUTH_DEVICE_MAX_PER_WINDOW=1)
    client = w.client(server=server)
    _ask(client, device_id="both").expect(201)
    _refused(_ask(client, device_id="both"), "otp.address_limit")


def the_device_is_judged_before_the_phone(w):
    server = w.server(PHONE_AUTH_DEVICE_MAX_PER_WINDOW=1)
    phone = new_phone()
    _ask(w.client(server=server), phone, device_id="order").expect(201)
    _refused(_ask(w.client(server=server), phone, device_id="order"), "otp.device_limit")


def what_the_device_refuses_is_not_counted_for_the_address(w):
    server = w.server(PHONE_AUTH_IP_MAX_PER_WINDOW=2, PHONE_AUTH_DEVICE_MAX_PER_WINDOW=1)
    client = w.client(server=server)
    _ask(client, device_id="first").expect(201)
    _refused(_ask(client, device_id="first"), "otp.device_limit")
    _ask(client, device_id="second").expect(201)
