#include "server/process/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "providers/senders.h"
#include "tests/test.h"

#define KEY "SECRET_KEY=0123456789abcdef0123456789abcdef"
#define DATABASE "DATABASE_URL=postgresql://u:hunter2@h/d"

struct loaded {
    struct arena_pool pool;
    struct arena arena;
    struct config config;
    char why[512];
    bool fine;
};

static void loaded_end(struct loaded *l)
{
    arena_end(&l->arena);
    arena_pool_fini(&l->pool);
}

static void load(struct loaded *l, const char *const *env)
{
    *l = (struct loaded){0};
    arena_pool_init(&l->pool, 4096, 4);
    arena_begin(&l->arena, &l->pool);
    char *copy[32] = {0};
    for (int i = 0; env[i]; i++)
        copy[i] = str_to_c(&l->arena, str_c(env[i]));
    l->fine = config_load(&l->config, &l->arena, copy, l->why, sizeof(l->why));
}

#define LOAD(...)                             \
    struct loaded l SCOPED(loaded_end) = {0}; \
    load(&l, (const char *const[]){__VA_ARGS__, NULL})

static bool says(const struct loaded *l, const char *a, const char *b, const char *c)
{
    struct str why = str_c(l->why);
    return str_find(why, str_c(a)) >= 0 && str_find(why, str_c(b)) >= 0 &&
           str_find(why, str_c(c)) >= 0;
}

TEST(every_setting_has_a_default_that_fits)
{
    LOAD("PATH=/bin");
    CHECK(l.fine);
    CHECK_INT(l.config.otp_max_per_window, 5);
    CHECK_STR(l.config.http_listen, STR("127.0.0.1:8080"));
    CHECK_INT(l.config.otp_window.us, 15 * 60 * INT64_C(1000000));
    CHECK_INT(l.config.request_timeout.us, 10 * INT64_C(1000000));
    CHECK_INT(l.config.otp_allowed_countries.len, 6);
    CHECK_INT(l.config.environment, ENVIRONMENT_DEVELOPMENT);
    CHECK_STR(currency_code(&l.config.default_currency), STR("SAR"));
    CHECK(l.config.access_log);
}

TEST(values_come_from_the_environment)
{
    LOAD("OTP_MAX_PER_WINDOW=9", "ACCESS_LOG=off", "LOG_FORMAT=text",
         "TRUSTED_PROXIES= 10.0.0.0/8 ,,::1", "OTP_MAX_PER_WINDOWS=1", "DEFAULT_CURRENCY=KWD");
    CHECK(l.fine);
    CHECK_STR(currency_code(&l.config.default_currency), STR("KWD"));
    CHECK_INT(l.config.otp_max_per_window, 9);
    CHECK(!l.config.access_log);
    CHECK_INT(l.config.log_format, 1);
    CHECK_INT(l.config.trusted_proxies.len, 2);
    CHECK_STR(l.config.trusted_proxies.items[0], STR("10.0.0.0/8"));
    CHECK_STR(l.config.trusted_proxies.items[1], STR("::1"));
}

TEST(an_empty_value_is_not_set)
{
    LOAD("OTP_MAX_PER_WINDOW=", "HTTP_LISTEN=");
    CHECK(l.fine);
    CHECK_INT(l.config.otp_max_per_window, 5);
    CHECK_STR(l.config.http_listen, STR("127.0.0.1:8080"));
}

TEST(a_bad_value_is_named_with_what_is_allowed)
{
    static const char *const cases[][3] = {{"OTP_MAX_PER_WINDOW", "many", "1000"},
                                           {"OTP_MAX_PER_WINDOW", "0", "1"},
                                           {"WORKERS", "65", "64"},
                                           {"ENVIRONMENT", "staging", "production"},
                                           {"ACCESS_LOG", "perhaps", "true"},
                                           {"DEFAULT_CURRENCY", "sar", "SAR"},
                                           {"DEFAULT_CURRENCY", "RIYAL", "ISO 4217"},
                                           {"OTP_EXPIRY_MINUTES", "5m", "60"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char entry[128];
        snprintf(entry, sizeof(entry), "%s=%s", cases[i][0], cases[i][1]);
        LOAD(entry);
        CHECK(!l.fine);
        CHECK(says(&l, cases[i][0], cases[i][1], cases[i][2]));
        CHECK(str_find_char(str_c(l.why), '\n') < 0);
    }
}

static bool write_file(char path[64], const char *text)
{
    snprintf(path, 64, "/tmp/mawid-config-XXXXXX");
    int fd = mkstemp(path);
    bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return fine;
}

TEST(a_file_gives_what_the_environment_does_not)
{
    char path[64], entry[128];
    CHECK(write_file(
        path, "# comment\n\nOTP_MAX_PER_WINDOW=9\r\nexport OTP_WINDOW_MINUTES=\"17\"\n"
              "AUTHENTICA_API_KEY=a$b'c\"d\nLOG_FORMAT=text\nnonsense\nOTP_MAX_PER_WINDOW=8\n"));
    snprintf(entry, sizeof(entry), "MAWID_ENV_FILE=%s", path);
    LOAD(entry, "LOG_FORMAT=json");
    unlink(path);
    CHECK(l.fine);
    CHECK_INT(l.config.otp_max_per_window, 8);
    CHECK_INT(l.config.otp_window.us, 17 * 60 * INT64_C(1000000));
    CHECK_STR(l.config.authentica_api_key, STR("a$b'c\"d"));
    CHECK_INT(l.config.log_format, 0);
}

TEST(a_file_that_is_not_there_is_named)
{
    LOAD("MAWID_ENV_FILE=/nonexistent/env");
    CHECK(!l.fine && says(&l, "MAWID_ENV_FILE", "/nonexistent/env", "cannot be read"));
}

static bool check(struct loaded *l)
{
    return l->fine && config_check_serve(&l->config, l->why, sizeof(l->why));
}

TEST(serving_needs_a_key_of_32_bytes)
{
    LOAD("SECRET_KEY=only-31-bytes-0123456789abcdef-", DATABASE);
    CHECK(!check(&l) && says(&l, "SECRET_KEY", "32", "31"));
    CHECK(str_find(str_c(l.why), STR("only-31")) < 0);
}

TEST(serving_needs_a_database)
{
    LOAD(KEY);
    CHECK(!check(&l) && says(&l, "DATABASE_URL", "not set", "postgresql://"));
}

TEST(what_is_needed_is_enough)
{
    LOAD(KEY, DATABASE);
    CHECK(check(&l));
}

TEST(lists_and_addresses_are_checked)
{
    static const char *const cases[][2] = {
        {"TRUSTED_PROXIES=10.0.0.0/33", "10.0.0.0/33"},
        {"CORS_ALLOWED_ORIGINS=app.example.com", "app.example.com"},
        {"OTP_TEST_NUMBERS=+966500000000", "+966500000000"},
        {"OTP_TEST_NUMBERS=+9661:123456", "+9661"}, /* nobody's number */
        {"OTP_PROVIDER=pigeon", "pigeon"},
        {"OTP_PROVIDER=console,authentica", "2"},
        {"HTTP_LISTEN=nowhere", "nowhere"},
        {"ADMIN_LISTEN=127.0.0.1:99999", "127.0.0.1:99999"},
        {"ADMIN_LISTEN=127.0.0.1:8080", "HTTP_LISTEN"},
        {"OTP_ALLOWED_COUNTRIES=SA,Narnia", "Narnia"},
        {"RECEIVE_BUFFERS=1000", "1000"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        LOAD(KEY, DATABASE, cases[i][0]);
        CHECK(!check(&l));
        CHECK(says(&l, cases[i][1], "allowed", ""));
    }
}

TEST(a_test_numbers_code_is_not_printed)
{
    LOAD(KEY, DATABASE, "OTP_TEST_NUMBERS=+966500000000:12a456");
    CHECK(!check(&l) && says(&l, "OTP_TEST_NUMBERS", "+966500000000", ""));
    CHECK(str_find(str_c(l.why), STR("12a456")) < 0);
}

TEST(https_needs_its_files)
{
    LOAD(KEY, DATABASE, "HTTPS_LISTEN=127.0.0.1:8443");
    CHECK(!check(&l) && says(&l, "TLS_CERT_FILE", "HTTPS_LISTEN", ""));
}

TEST(a_partner_needs_a_url)
{
    static const char *const bad[] = {"AUTHENTICA_BASE_URL=api.example.com",
                                      "AUTHENTICA_BASE_URL=https:/api.example.com",
                                      "AUTHENTICA_BASE_URL=https://api.example.com:port",
                                      "AUTHENTICA_BASE_URL=ftp://api.example.com",
                                      "AUTHENTICA_BASE_URL=https://api.example.com/",
                                      "AUTHENTICA_BASE_URL=https://user@api.example.com",
                                      "AUTHENTICA_BASE_URL=https://api.example.com/?a=b"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        LOAD(KEY, DATABASE, bad[i]);
        CHECK(!check(&l) && says(&l, "AUTHENTICA_BASE_URL", "without user, query", ""));
    }
    LOAD(KEY, DATABASE, "AUTHENTICA_BASE_URL=http://[::1]:8081/v2");
    CHECK(check(&l));
}

TEST(authentica_needs_its_key)
{
    LOAD(KEY, DATABASE, "OTP_PROVIDER=authentica");
    CHECK(!check(&l) && says(&l, "AUTHENTICA_API_KEY", "authentica", ""));
}

TEST(what_a_sender_needs_are_settings)
{
    LOAD(KEY, DATABASE);
    for (enum sender_id id = 0; id < SENDER_COUNT; id++) {
        enum sender_id found = SENDER_COUNT;
        struct str needs = sender_info(id)->needs, need;
        CHECK(sender_find(sender_info(id)->name, &found) && found == id);
        while (str_split(&needs, ',', &need))
            CHECK(!config_has(&l.config, need)); /* a bug, if there were none of that name */
    }
}

TEST(production_refuses_what_is_for_trying_out)
{
    {
        LOAD(KEY, DATABASE, "ENVIRONMENT=production");
        CHECK(!check(&l) && says(&l, "OTP_PROVIDER", "console", "production"));
    }
    {
        LOAD(KEY, DATABASE, "ENVIRONMENT=production", "OTP_PROVIDER=authentica",
             "AUTHENTICA_API_KEY=k", "OTP_TEST_NUMBERS=+966500000000:123456");
        CHECK(!check(&l) && says(&l, "OTP_TEST_NUMBERS", "production", ""));
    }
    {
        LOAD(KEY, DATABASE, "ENVIRONMENT=production", "OTP_PROVIDER=authentica",
             "AUTHENTICA_API_KEY=k");
        CHECK(check(&l));
    }
}

static struct str printed(struct loaded *l, bool example, char *text, size_t len)
{
    FILE *to = fmemopen(text, len, "w");
    if (example)
        config_print_example(to);
    else
        config_print(&l->config, to);
    long n = ftell(to);
    fclose(to);
    return str_of(text, (size_t)n);
}

static char page[65536];

TEST(printing_masks_secrets)
{
    LOAD(KEY, DATABASE, "AUTHENTICA_API_KEY=very-secret", "OTP_TEST_NUMBERS=+966500000000:123456");
    struct str text = printed(&l, false, page, sizeof(page));
    CHECK(str_find(text, STR("OTP_MAX_PER_WINDOW=5\n")) >= 0);
    CHECK(str_find(text, STR("OTP_EXPIRY_MINUTES=5\n")) >= 0);
    CHECK(str_find(text, STR("SECRET_KEY=***\n")) >= 0);
    CHECK(str_find(text, STR("ENVIRONMENT=development\n")) >= 0);
    static const char *const secrets[] = {"0123456789abcdef", "hunter2", "very-secret", "123456"};
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        CHECK(str_find(text, str_c(secrets[i])) < 0);
}

TEST(the_committed_example_is_what_the_table_says)
{
    static char committed[65536];
    const char *root = getenv("MAWID_SOURCE_ROOT");
    CHECK(root != NULL);
    char path[512];
    snprintf(path, sizeof(path), "%s/.env.example", root);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    size_t n = fread(committed, 1, sizeof(committed), file);
    fclose(file);
    /* To renew it: mawid check-config --example > .env.example */
    CHECK_STR(str_of(committed, n), printed(NULL, true, page, sizeof(page)));
}
