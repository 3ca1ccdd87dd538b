"""The command line: `mawid` with each of its words, and every refusal to start in one clear line."""
import os
import re
import socket

from lib.check import absent, check, contains, equal
from lib.database import Database
from lib.phones import new_phone
from lib.process import SECRET_KEY, free_port, run_command
from lib.world import jwt_parts


def _refuses(w, verb, names, **settings):
    """Exit 1 and one line on stderr that has all of `names` in it."""
    listen = {"HTTP_LISTEN": f"127.0.0.1:{free_port()}", "ADMIN_LISTEN": f"127.0.0.1:{free_port()}"} if verb == "serve" else {}
    code, out, err = w.command(*verb.split(), **{**listen, **settings})
    equal(code, 1, f"exit code of `mawid {verb}` with {settings} (stderr: {err[-500:]})")
    lines = [line for line in err.splitlines() if line.strip()]
    equal(len(lines), 1, f"lines on stderr ({err[-500:]!r})")
    for name in names:
        contains(lines[0].lower(), name.lower(), "the line")
    absent(out + err, SECRET_KEY, "what was printed")
    return lines[0]


# ---- words ----

def version_prints_one_line(w):
    code, out, _ = w.command("version")
    equal(code, 0, "exit code")
    check(re.fullmatch(r"mawid \S+.*\n", out), f"printed {out!r}")


def without_a_word_the_words_are_listed(w):
    for arguments in ((), ("nonsense",), ("--version",) * 9, ("serve", "now")):
        code, out, err = w.command(*arguments)
        equal(code, 1, f"exit code of mawid {arguments}")
        for word in ("serve", "migrate", "seed-demo", "check-config"):
            contains(out + err, word, "what was printed")


def help_lists_the_words(w):
    code, out, _ = w.command("--help")
    equal(code, 0, "exit code")
    contains(out, "serve", "stdout")


def the_program_runs_from_anywhere_with_nothing_but_settings(w):
    code, out, err = run_command(os.path.realpath(w.binary), ["migrate"], w.base_settings())
    equal((code, err), (0, ""), "exit code and stderr")


def migrating_twice_changes_nothing(w):
    code, _, err = w.command("migrate")
    equal(code, 0, f"exit code ({err})")


def seeding_twice_changes_nothing(w):
    tables = ("accounts_user", "catalogue_salon", "catalogue_service", "catalogue_staff", "catalogue_staff_window")
    counts = [w.db.one(f"SELECT count(*) FROM {table}") for table in tables]
    code, _, err = w.command("seed-demo")
    equal(code, 0, f"exit code ({err})")
    equal([w.db.one(f"SELECT count(*) FROM {table}") for table in tables], counts, "rows")


def the_demo_data_is_what_the_contract_says(w):
    salons = w.db.rows("SELECT s.city_en FROM catalogue_salon s JOIN accounts_user u ON u.id = s.owner_id "
                       "WHERE u.email = 'manager@example.com'")
    equal(len(salons), 12, "salons")
    equal({salon["city_en"] for salon in salons}, {"Riyadh", "Jeddah"}, "cities")
    customer = w.db.row("SELECT * FROM accounts_user WHERE email = 'customer@example.com'")
    equal(customer["role"], "customer", "role")
    for role in ("manager", "staff"):
        check(w.db.one("SELECT count(*) FROM accounts_user WHERE role = %s", role) > 0, f"no {role}")


def seeding_prints_whom_to_log_in_as(w):
    contains(w.seed_output, w.db.one("SELECT phone_number FROM accounts_user WHERE email = 'customer@example.com'"), "stdout")
    contains(w.seed_output, "phone/request", "stdout")


# ---- check-config ----

def check_config_prints_the_settings_with_secrets_masked(w):
    code, out, err = w.command("check-config", AUTHENTICA_API_KEY="very-secret-api-key")
    equal(code, 0, f"exit code ({err})")
    contains(out, "OTP_MAX_PER_WINDOW=5", "stdout")
    contains(out, "SECRET_KEY=", "stdout")
    for secret in (SECRET_KEY, "very-secret-api-key", "123456"):
        absent(out + err, secret, "what was printed")


def check_config_hides_the_password_in_urls(w):
    _, out, err = w.command("check-config", DATABASE_URL="postgresql://mawid:hunter2@127.0.0.1/mawid",
                            REDIS_URL="redis://:hunter3@127.0.0.1:6379/0")
    absent(out + err, "hunter2", "what was printed")
    absent(out + err, "hunter3", "what was printed")


def a_setting_may_come_from_a_file(w):
    path = os.path.join(w.directory, "settings.env")
    with open(path, "w", encoding="utf-8") as file:
        file.write('# a comment\nOTP_MAX_PER_WINDOW=9\nexport OTP_WINDOW_MINUTES="17"\n\nLOG_FORMAT=text\n')
    code, out, err = w.command("check-config", "--env-file", path)
    equal(code, 0, f"exit code ({err})")
    contains(out, "OTP_MAX_PER_WINDOW=9", "stdout")
    contains(out, "OTP_WINDOW_MINUTES=17", "stdout")
    contains(out, "LOG_FORMAT=json", "stdout: the environment wins over the file")


# ---- refusals to start ----

def a_bad_value_is_named_with_what_is_allowed(w):
    for name, value, allowed in (("OTP_MAX_PER_WINDOW", "many", "1000"), ("OTP_MAX_PER_WINDOW", "0", "1"),
                                 ("WORKERS", "65", "64"), ("ENVIRONMENT", "staging", "production"),
                                 ("LOG_FORMAT", "xml", "json"), ("ACCESS_LOG", "perhaps", "true"),
                                 ("OTP_EXPIRY_MINUTES", "5m", "60"), ("DEFAULT_CURRENCY", "riyal", "ISO 4217")):
        _refuses(w, "check-config", (name, value, allowed), **{name: value})


def bad_lists_and_addresses_are_named(w):
    for name, value in (("TRUSTED_PROXIES", "10.0.0.0/33"), ("TRUSTED_PROXIES", "proxy.example"),
                        ("CORS_ALLOWED_ORIGINS", "app.example.com"), ("OTP_TEST_NUMBERS", "+966500000000"),
                        ("OTP_TEST_NUMBERS", "+966500000000:12a456"), ("OTP_PROVIDER", "pigeon"), ("HTTP_LISTEN", "nowhere"),
                        ("HTTP_LISTEN", "127.0.0.1:99999"), ("OTP_ALLOWED_COUNTRIES", "SA,Narnia")):
        _refuses(w, "serve", (name, value.split(",")[-1].split(":")[0]), **{name: value})


def a_missing_secret_key_stops_the_start(w):
    _refuses(w, "serve", ("SECRET_KEY", "32"), SECRET_KEY=None)


def a_short_secret_key_stops_the_start_and_is_not_printed(w):
    line = _refuses(w, "serve", ("SECRET_KEY", "32"), SECRET_KEY="only-31-bytes-0123456789abcdef-")
    absent(line, "only-31", "the line")


def a_missing_database_url_stops_the_start(w):
    for verb in ("serve", "migrate", "seed-demo"):
        _refuses(w, verb, ("DATABASE_URL",), DATABASE_URL=None)


def a_database_url_that_cannot_be_read_stops_the_start(w):
    _refuses(w, "serve", ("DATABASE_URL",), DATABASE_URL="postgres//x")


def a_database_that_cannot_be_reached_stops_migrate(w):
    _refuses(w, "migrate", ("database",), DATABASE_URL=f"postgresql://mawid:hunter2@127.0.0.1:{free_port()}/mawid")


def a_wrong_database_name_stops_the_start(w):
    _refuses(w, "serve", ("nosuchdatabase",), DATABASE_URL=w.pair.database_url.replace("/mawid?", "/nosuchdatabase?"))


def a_wrong_redis_url_stops_the_start(w):
    _refuses(w, "serve", ("REDIS_URL",), REDIS_URL="http://127.0.0.1")


def an_older_schema_stops_the_start(w):
    url = w.empty_database("older")
    _refuses(w, "serve", ("mawid migrate",), DATABASE_URL=url)
    equal(w.command("migrate", DATABASE_URL=url)[0], 0, "exit code of migrate")


def a_database_without_one_function_stops_the_start_and_is_finished_by_migrate(w):
    url = w.empty_database("half")
    equal(w.command("migrate", DATABASE_URL=url)[0], 0, "exit code of migrate")
    database = Database(url)
    database.rows("DROP FUNCTION salon_save")
    _refuses(w, "serve", ("0 changes and 1 function ", "mawid migrate"), DATABASE_URL=url)
    code, out, _ = w.command("migrate", DATABASE_URL=url)
    equal((code, out), (0, "0 changes applied, 1 function made anew, 0 dropped; the schema is at 0\n"), "exit code of migrate, and what it says")
    equal(w.command("migrate", DATABASE_URL=url)[1], "nothing to do, the schema is at 0\n", "what it says the second time")
    database.close()


def a_database_from_before_the_first_release_is_refused(w):
    url = w.empty_database("former")
    database = Database(url)
    database.rows("CREATE TABLE schema_migration (number int)")
    database.close()
    for verb in ("serve", "migrate"):
        _refuses(w, verb, ("before the first release", "make a new one"), DATABASE_URL=url)


def a_busy_port_stops_the_start(w):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        _refuses(w, "serve", (port, "HTTP_LISTEN"), HTTP_LISTEN=f"127.0.0.1:{port}")


def a_busy_admin_port_stops_the_start(w):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        _refuses(w, "serve", (port, "ADMIN_LISTEN"), ADMIN_LISTEN=f"127.0.0.1:{port}")


def https_without_its_files_stops_the_start(w):
    https = f"127.0.0.1:{free_port()}"
    _refuses(w, "serve", ("TLS_CERT_FILE",), HTTPS_LISTEN=https)
    _refuses(w, "serve", ("/nonexistent.pem",), HTTPS_LISTEN=https, TLS_CERT_FILE="/nonexistent.pem", TLS_KEY_FILE="/nonexistent.key")


def authentica_without_a_key_stops_the_start(w):
    _refuses(w, "serve", ("AUTHENTICA_API_KEY",), OTP_PROVIDER="authentica")


def production_refuses_the_console_and_test_numbers(w):
    production = {"ENVIRONMENT": "production", "OTP_TEST_NUMBERS": None}
    _refuses(w, "serve", ("OTP_PROVIDER", "console"), **production)
    _refuses(w, "serve", ("OTP_TEST_NUMBERS",), **{**production, **w.authentica.settings(), "OTP_TEST_NUMBERS": "+966500000000:123456"})


# ---- token mint ----

def token_mint_prints_an_access_token(w):
    person = w.sign_in()
    code, out, err = w.command("token", "mint", person.phone)
    equal(code, 0, f"exit code ({err})")
    token = out.split()[-1]
    claims = jwt_parts(token)[1]
    equal((claims["user_id"], claims["lang"]), (person.user["id"], person.user["preferred_language"]), "user_id and lang")
    person.token = token
    equal(person.get("/api/auth/me/").expect(200).json["phone_number"], person.phone, "phone_number")


def token_mint_takes_local_forms(w):
    person = w.sign_in()
    equal(w.command("token", "mint", "0" + person.phone[4:])[0], 0, "exit code")


def token_mint_makes_an_account_for_a_new_phone(w):
    phone = new_phone()
    code, out, err = w.command("token", "mint", phone)
    equal(code, 0, f"exit code ({err})")
    equal(w.client(token=out.split()[-1]).get("/api/auth/me/").expect(200).json["phone_number"], phone, "phone_number")


def token_mint_refuses_what_is_no_phone_number(w):
    _refuses(w, "token mint abc", ("abc",))


def token_mint_is_refused_in_production(w):
    _refuses(w, f"token mint {w.somebody().phone}", ("production",), OTP_TEST_NUMBERS=None,
             **{**w.authentica.settings(), "ENVIRONMENT": "production"})
