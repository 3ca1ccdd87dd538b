"""What is kept for people who ask what happened is not kept for ever."""
from lib.check import equal, eventually


def _age(db, person, days):
    phone = person.phone
    db.rows("UPDATE otp_request SET created_at = created_at - make_interval(days => %s) WHERE phone_number = %s", days, phone)
    db.rows("UPDATE auth_session SET refresh_expires_at = now() - make_interval(days => %s) WHERE user_id = %s", days, person.user["id"])


def _kept(db, person):
    return [db.one("SELECT count(*) FROM otp_request WHERE phone_number = %s", person.phone),
            db.one("SELECT count(*) FROM auth_session WHERE user_id = %s", person.user["id"]),
            db.one("SELECT count(*) FROM accounts_user WHERE id = %s", person.user["id"])]


def codes_and_ended_sessions_go_after_the_days_of_the_setting(w):
    db, settings = w.own_database("sweeping")
    with w.own_server(**settings, LOGIN_RECORDS_DAYS=7) as server:
        old, younger = w.sign_in(server=server), w.sign_in(server=server)
        _age(db, old, 8)
        _age(db, younger, 6)
        for kind in ("codes.forget", "sessions.forget"):
            w.hasten(kind, db=db)
        eventually(lambda: _kept(db, old) == [0, 0, 1], "old codes and sessions are gone, the account is not")
        equal(_kept(db, younger), [1, 1, 1], "what is younger")
        equal(server.metric("mawid_housekeeping_removed_total", what="sessions"), 1, "counted")
    db.close()
