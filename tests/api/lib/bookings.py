"""What stories about bookings share: making, moving and looking behind the server's back."""
from .check import equal

PATH = "/api/bookings/"
STATES = ("held", "pending", "confirmed", "completed", "cancelled", "no_show", "expired")


def book(client, body, status=201, code=None):
    return client.post(PATH, body).expect(status, code).json


def move(client, booking, verb, body=None, **more):
    return client.post(f"{PATH}{booking}/{verb}/", body if body is not None else {}, **more)


def visit(salon, *wishes, **more):
    """The body of a visit: (staff, starts_at) each; `staff` is an index, or None for anybody."""
    return {"salon": salon.id, "items": [{"service": salon.service, "staff": None if staff is None else salon.staff[staff],
                                          "starts_at": start} for staff, start in wishes], **more}


def row_of(w, booking):
    return w.db.row("SELECT * FROM bookings_booking WHERE id = %s", booking)


def history_of(w, booking):
    return w.db.rows("SELECT * FROM bookings_history WHERE booking_id = %s ORDER BY version", booking)


def put(w, booking, state, starts="3 days"):
    """Puts a booking into a state, at a time from now, as if nothing had happened to it since."""
    w.db.rows("UPDATE bookings_booking b SET status = %s, version = 1, fee_amount = 0, reason = '', cancelled_by = NULL, "
              "hold_expires_at = CASE WHEN %s = 'held' THEN now() + interval '10 minutes' END, "
              "starts_at = t.at, ends_at = t.at + interval '30 minutes', claimed = tstzrange(t.at, t.at + interval '30 minutes') "
              "FROM (SELECT date_trunc('hour', now() + %s::interval) AS at) t WHERE id = %s", state, state, starts, booking)
    w.db.rows("ALTER TABLE bookings_history DISABLE TRIGGER bookings_history_append_only")
    w.db.rows("DELETE FROM bookings_history WHERE booking_id = %s AND version > 1", booking)
    w.db.rows("ALTER TABLE bookings_history ENABLE TRIGGER bookings_history_append_only")


def shift(w, booking, days):
    """A booking happens so many days later, without the server's knowing."""
    w.db.rows("UPDATE bookings_booking SET starts_at = starts_at + d, ends_at = ends_at + d, "
              "claimed = tstzrange(lower(claimed) + d, upper(claimed) + d) FROM make_interval(days => %s) d WHERE id = %s",
              days, booking)


def run_out(w, booking):
    """A hold's time is over."""
    w.db.rows("UPDATE bookings_booking SET hold_expires_at = now() - interval '1 second' WHERE id = %s", booking)


def as_user(w, user_id):
    """A client signed in as an existing user: by `mawid token mint`."""
    code, out, err = w.command("token", "mint", w.db.one("SELECT phone_number FROM accounts_user WHERE id = %s", user_id))
    equal(code, 0, f"exit code of token mint ({err})")
    client = w.client(token=out.split()[-1])
    client.user = {"id": user_id}
    return client
