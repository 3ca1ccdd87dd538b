"""SIGTERM, and what a process owes to those whom it was serving."""
import signal
import threading

from lib.check import check, equal, eventually
from lib.client import Wire
from lib.crowd import at_once
from lib.phones import new_phone
from lib.process import wait_until_refused

GET = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def two_hundred_requests_under_way_are_all_answered_at_sigterm(w):
    w.authentica.behave(send={"mode": "ok", "delay": 2})
    server = w.new_server(w.authentica.settings(REQUEST_TIMEOUT_MS=30000)).start()
    clients, statuses = [w.client(server=server) for _ in range(200)], []

    def everybody():
        statuses.extend(at_once(clients, lambda client: client.post(
            "/api/auth/phone/request/", {"phone_number": new_phone(), "channel": "sms"}).status))
    waiting = threading.Thread(target=everybody)
    waiting.start()
    eventually(lambda: w.authentica.state["waiting"] >= 150, "most requests wait at the provider")
    server.send_signal(signal.SIGTERM)
    waiting.join()
    w.authentica.reset()
    server.stop()
    equal(statuses, [201] * 200, "statuses")


def after_sigterm_nobody_new_is_let_in(w):
    w.authentica.behave(send={"mode": "ok", "delay": 2})
    server = w.new_server(w.authentica.settings()).start()
    client, seen = w.client(server=server), []
    waiting = threading.Thread(target=lambda: seen.append(client.post(
        "/api/auth/phone/request/", {"phone_number": new_phone(), "channel": "sms"})))
    waiting.start()
    eventually(lambda: w.authentica.state["waiting"] >= 1, "the request waits at the provider")
    server.send_signal(signal.SIGTERM)
    wait_until_refused(server.place)
    waiting.join()
    w.authentica.reset()
    server.stop()
    equal(seen[0].status, 201, "status of the one who was inside")
    equal(seen[0].header("Connection"), "close", "Connection")


def idle_connections_do_not_keep_a_process_from_ending(w):
    server = w.new_server({}).start()
    idle = [Wire(server.place) for _ in range(50)]
    for wire in idle[:25]:
        wire.send(GET)
        equal(wire.answer().status, 200, "status")
    for wire in idle[40:]:
        wire.send("GET /healthz HT")
    server.stop()
    for wire in idle[:40]:
        check(wire.closed(), "an idle connection got something")
        wire.close()


def a_process_that_waits_too_long_gives_up_its_guests_and_ends_well(w):
    w.authentica.behave(send={"mode": "silent"})
    server = w.new_server(w.authentica.settings(DRAIN_TIMEOUT_SECONDS=1, AUTHENTICA_TIMEOUT_SECONDS=30,
                                                 REQUEST_TIMEOUT_MS=60000)).start()
    with Wire(server.place) as wire:
        body = '{"phone_number": "%s", "channel": "sms"}' % new_phone()
        wire.send("POST /api/auth/phone/request/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n{body}")
        eventually(lambda: w.authentica.state["waiting"] >= 1, "the request waits at the provider")
        server.stop()
        answer = wire.answer()
        check(answer is None or answer.status == 503, f"status {answer and answer.status}")
    w.authentica.reset()


def sigint_ends_it_as_well(w):
    server = w.new_server({}).start()
    server.send_signal(signal.SIGINT)
    server.process.wait(30)
    equal(server.process.returncode, 0, "exit code")


def a_second_process_may_take_over_the_port(w):
    old = w.new_server({"WORKERS": 1}).start()
    new = w.new_server({"WORKERS": 1, "HTTP_LISTEN": "%s:%d" % old.place})
    new.place = old.place
    new.start()
    old.stop()
    w.client(server=new).get("/healthz").expect(200)
    new.stop()


def a_server_killed_and_started_again_knows_everything(w):
    server = w.new_server({}).start()
    person, day = w.sign_in(server=server), w.catalogue.staff_day(1)
    booking = person.post("/api/bookings/", day.booking()).expect(201).json
    server.kill()
    server.start()
    equal(person.get(f"/api/bookings/{booking['id']}/").expect(200).json["id"], booking["id"], "id")
    w.client(server=server).post("/api/auth/token/refresh/", {"refresh": person.refresh}).expect(200)
    w.client(server=server).post("/api/auth/phone/request/", {"phone_number": person.phone, "channel": "sms"}).expect(
        429, "otp.cooldown")
    server.stop()
