"""What is kept for people who ask what happened is not kept for ever."""
from lib.check import equal, eventually


def _age(w, person, days):
    phone = person.phone
    w.db.rows("UPDATE otp_request SET created_at = created_at - make_interval(days => %s) WHERE phone_number = %s", days, phone)
    w.db.rows("UPDATE auth_session SET refresh_expires_at = now() - make_interval(days => %s) WHERE user_id = %s", days, person.user["id"])


def _kept(w, person):
    return [w.db.one("SELECT count(*) FROM otp_request WHERE phone_number = %s", person.phone),
            w.db.one("SELECT count(*) FROM auth_session WHERE user_id = %s", person.user["id"]),
            w.db.one("SELECT count(*) FROM accounts_user WHERE id = %s", person.user["id"])]


def codes_and_ended_sessions_go_after_the_days_of_the_setting(w):
    old, younger = w.sign_in(), w.sign_in()
    _age(w, old, 8)
    _age(w, younger, 6)
    with w.own_server(HOUSEKEEPING_SECONDS=1, LOGIN_RECORDS_DAYS=7) as server:
        eventually(lambda: _kept(w, old) == [0, 0, 1], "old codes and sessions are gone, the account is not")
        equal(_kept(w, younger), [1, 1, 1], "what is younger")
        equal(server.metric("mawid_housekeeping_removed_total", what="sessions") >= 1, True, "counted")
