"""Two processes on one address: meant for a hand-over, told when it is not."""
from lib.check import contains, equal, eventually


def _shared(server):
    return {record["setting"]: record for record in server.log_records() if record.get("event") == "address_shared"}


def a_process_alone_at_its_addresses_says_nothing_of_sharing(w):
    server = w.new_server({"WORKERS": 2}).start()
    server.stop()
    equal(_shared(server), {}, "lines about sharing: its own workers are no strangers")
    server.start()  # connections of the first may still be in TIME_WAIT
    server.stop()
    equal(_shared(server), {}, "lines about sharing after the first ended")


def a_second_process_at_the_same_addresses_says_which_it_shares(w):
    old = w.new_server({"WORKERS": 1}).start()
    new = w.new_server({"WORKERS": 1, "HTTP_LISTEN": "%s:%d" % old.place, "ADMIN_LISTEN": "%s:%d" % old.admin_place})
    new.place, new.admin_place = old.place, old.admin_place
    new.start(wait=False)  # the old one would answer for it
    try:
        eventually(lambda: any(r.get("event") == "listening" for r in new.log_records()), "the new process listens")
        shared = _shared(new)
        equal(sorted(shared), ["ADMIN_LISTEN", "HTTP_LISTEN"], "settings that are told")
        for setting, place in (("HTTP_LISTEN", old.place), ("ADMIN_LISTEN", old.admin_place)):
            equal(shared[setting]["address"], "%s:%d" % place, "the address")
            equal(shared[setting]["level"], "warn", "the level")
        equal(_shared(old), {}, "lines of the first, which was alone when it came")
    finally:
        old.stop()
        for _ in range(4):
            w.client(server=new).get("/healthz").expect(200)
        equal(new.admin("/healthz")[0], 200, "the admin listener of the new one")
        new.stop()


def one_address_for_two_doors_is_refused(w):
    code, _, err = w.command("serve", HTTP_LISTEN="127.0.0.1:1", ADMIN_LISTEN="127.0.0.1:1")
    equal(code, 1, "exit code")
    contains(err, "ADMIN_LISTEN is '127.0.0.1:1', which is HTTP_LISTEN too", "stderr")
