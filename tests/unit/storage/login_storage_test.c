/* The stores and limits of login on a private Postgres and Redis of their own: what the fakes of the
 * rule tests promise is kept here by SQL and Lua. Time is handed to the statements, and Redis' entries
 * are made older by a script of this file: nothing sleeps. */
#include <math.h>

#include "domain/accounts/logins.h"
#include "domain/accounts/phone_plan.h"
#include "embedded.h"
#include "storage/account_store.h"
#include "storage/otp_limits.h"
#include "storage/otp_store.h"
#include "storage/session_store.h"
#include "storage/sweep_store.h"
#include "tests/unit/runtime/real_loop.h"
#include "tests/unit/storage/sql.h"

bool phone_plan_parse(struct str number, struct phone *out)
{
    return false;
}

/* ---- fixture ------------------------------------------------------------------------------- */

struct moved_clock {
    struct clock clock;
    int64_t ahead_us;
};
static struct instant moved_wall(const struct clock *clock)
{
    return (struct instant){clock_system.wall(&clock_system).us +
                            container_of(clock, const struct moved_clock, clock)->ahead_us};
}

/* One at a time; `step` runs on a fiber, with everything of login around it. */
static struct world {
    struct real real;
    struct moved_clock clock;
    struct arena arena;
    struct pg_pool *pg;
    struct redis_pool *redis;
    struct account_store accounts;
    struct otp_store otp;
    struct session_store sessions;
    struct otp_limits limits;
    struct sweep_store sweeps;
    struct otp_rules rules;
    struct token_keys keys;
    struct hmac_key otp_key;
} w;

static struct otp_rules rules_default(void)
{
    return (struct otp_rules){.address = {20, minutes(15)},
                              .device = {20, minutes(15)},
                              .phone = {5, minutes(15)},
                              .cooldown = seconds(60),
                              .verify_address = {60, minutes(15)},
                              .verify_phone = {10, minutes(15)}};
}

static void world_begin(void)
{
    PQfinish(sql_session()); /* the schema is there */
    w = (struct world){.real = real_begin(), .rules = rules_default()};
    w.clock.clock = clock_system;
    w.clock.clock.wall = moved_wall;
    const struct pg_options pg = {.url = private_pg_url(),
                                  .conns = 8,
                                  .pipeline_max = 16,
                                  .queue_max = 1000,
                                  .statement_timeout_ms = 10000,
                                  .lock_timeout_ms = 5000,
                                  .rows_bytes_max = 1 << 20,
                                  .application_name = "login test"};
    w.pg = pg_pool_new(w.real.loop, &pg);
    struct redis_options redis;
    struct str why;
    arena_begin(&w.arena, loop_arenas(w.real.loop));
    bool ok = redis_options_parse(str_c(private_redis_url()), &w.arena, &redis, &why) &&
              token_keys_init(&w.keys, STR("0123456789abcdef0123456789abcdef"), minutes(15),
                              seconds(30 * 86400));
    assert(ok);
    redis.inflight_max = 1000;
    redis.reply_bytes_max = 1 << 20;
    redis.connect_timeout = seconds(2);
    w.redis = redis_pool_new(w.real.loop, &redis);
    w.accounts.pool = w.otp.pool = w.sessions.pool = w.sweeps.pool = w.pg;
    w.limits.pool = w.redis;
    otp_key_init(&w.otp_key, STR("0123456789abcdef0123456789abcdef"));
}

static void world_end(void)
{
    hmac_key_fini(&w.otp_key);
    token_keys_fini(&w.keys);
    redis_pool_free(w.redis);
    pg_pool_free(w.pg);
    real_turn_until(&w.real, NULL, 20); /* their sockets leave with the ring's last word */
    arena_end(&w.arena);
    real_end(&w.real);
}

/* A statement or script that only a test needs; each its own index beyond the embedded ones. */
#define STATEMENT(name_, params_, sql_)        \
    static const struct pg_statement name_ = { \
        .name = #name_, .sql = sql_, .params = params_, .index = SQL_STATEMENTS + __COUNTER__}

static const struct redis_script flush = {"flush", "return redis.call('FLUSHALL')",
                                          "c9f2d9c1a2b8f3c0a2de0f3e8ab7dcb6b1e0f8a1"};

STATEMENT(wipe, 0, "TRUNCATE accounts_user, otp_request, auth_session, audit_event CASCADE");
STATEMENT(count_users, 0, "SELECT count(*) FROM accounts_user");
STATEMENT(count_requests, 0, "SELECT count(*) FROM otp_request");
STATEMENT(count_sessions, 0, "SELECT count(*) FROM auth_session WHERE revoked_at IS NULL");
STATEMENT(count_audit, 0, "SELECT count(*) FROM audit_event WHERE event = 'refresh_reused'");
STATEMENT(count_attempts, 1, "SELECT attempts FROM otp_request WHERE id = $1");
STATEMENT(plain_texts, 1,
          "SELECT count(*) FROM otp_request r WHERE r::text LIKE '%' || $1::text || '%'");

static int64_t count(struct ctx *c, const struct pg_statement *statement)
{
    struct pg_rows rows;
    enum err err = pg_query(c, w.pg, statement, PG_NO_ARGS, &rows);
    return err ? -1 : pg_get_int8(&rows, 0, 0);
}

typedef bool step_fn(struct ctx *c);
struct step {
    struct job job;
    step_fn *run;
    bool ok;
};

static void step_main(struct ctx *c, void *arg)
{
    struct step *step = arg;
    c->clock = &w.clock.clock;
    c->deadline = tick_add(ctx_mono(c), seconds(20));
    step->ok = step->run(c);
}

/* `n` fibers at once; how many of them returned true. */
static int run_all(step_fn *fn, int n)
{
    static struct step steps[64];
    int ok = 0;
    assert(n <= (int)ARRAY_LEN(steps));
    for (int i = 0; i < n; i++) {
        steps[i] = (struct step){.run = fn};
        job_start(&w.real, &steps[i].job, step_main, &steps[i]);
    }
    if (!real_finish(&w.real, 30000))
        base_die(__FILE__, __LINE__, "a step did not return");
    for (int i = 0; i < n; i++)
        ok += steps[i].ok;
    return ok;
}

static bool clean(struct ctx *c)
{
    struct pg_rows rows;
    struct redis_reply reply;
    return pg_query(c, w.pg, &wipe, PG_NO_ARGS, &rows) == OK &&
           redis_run(c, w.redis, &flush, NULL, 0, NULL, 0, &reply) == OK;
}

/* Inside a step: what is not as it should be names its line and ends the step. */
#define NEED(condition)                                              \
    do {                                                             \
        if (!(condition)) {                                          \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            return false;                                            \
        }                                                            \
    } while (0)
#define NEED_INT(actual, expected)                                                               \
    do {                                                                                         \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected);              \
        if (actual_ != expected_) {                                                              \
            printf("# %s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #actual, actual_, \
                   expected_);                                                                   \
            return false;                                                                        \
        }                                                                                        \
    } while (0)

/* STORY(name) { ... return true; }: a test that runs as one step in a clean world. */
#define STORY(story_name)                                                        \
    static bool story_##story_name(struct ctx *c);                               \
    TEST(story_name)                                                             \
    {                                                                            \
        world_begin();                                                           \
        bool ok = run_all(clean, 1) == 1 && run_all(story_##story_name, 1) == 1; \
        world_end();                                                             \
        CHECK(ok);                                                               \
    }                                                                            \
    static bool story_##story_name(struct ctx *c)

/* ---- limits: the same rules on Redis and on rows ------------------------------------------- */

static struct otp_row row_of(struct ctx *c, const char *phone, const char *address)
{
    struct otp_row row = {.id = uuid_random(c->clock),
                          .phone = str_c(phone),
                          .provider = STR("console"),
                          .has_mac = true,
                          .attempts_max = 5,
                          .created_at = ctx_now(c),
                          .address = str_c(address),
                          .address_key = str_c(address),
                          .device = STR("sha256:0123456789abcdef01234567"),
                          .device_named = true,
                          .email = STR(""),
                          .first_name = STR(""),
                          .last_name = STR(""),
                          .language = LANG_AR};
    row.expires_at = instant_add(row.created_at, minutes(5));
    row.mac = otp_code_mac(&w.otp_key, row.id, STR("123456"));
    return row;
}

/* Asks one of the two judges: the script, or the rows. */
static bool by_rows;

static enum err admit(struct ctx *c, const char *phone, const char *address, const char *device,
                      struct uuid *id, struct otp_admission *out)
{
    struct otp_row row = row_of(c, phone, address);
    row.device = str_c(device);
    if (id)
        *id = row.id;
    *out = (struct otp_admission){OTP_LIMIT_NONE, 0};
    struct otp_created created;
    if (by_rows)
        return otp_store_create_counted(c, &w.otp, &w.rules, &row, out, &created);
    const struct otp_asker asker = {.request_id = row.id,
                                    .phone = row.phone,
                                    .address_key = row.address_key,
                                    .device_key = row.device};
    return otp_limits_admit(c, &w.limits, &w.rules, &asker, out);
}

/* Moves time on: rows get it from the clock, Redis' entries grow older. */
static const struct redis_script older = {
    "older",
    "for _, key in ipairs(redis.call('KEYS', '*')) do\n"
    "  local all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')\n"
    "  for i = 1, #all, 2 do\n"
    "    redis.call('ZADD', key, string.format('%.0f', tonumber(all[i+1]) - ARGV[1]), all[i])\n"
    "  end\n"
    "end\n"
    "return 0",
    "0000000000000000000000000000000000000001"};

static bool advance(struct ctx *c, int64_t ms)
{
    w.clock.ahead_us += ms * 1000;
    struct redis_reply reply;
    const struct str arg = str_printf(c->arena, "%lld", (long long)ms);
    return redis_run(c, w.redis, &older, NULL, 0, &arg, 1, &reply) == OK;
}

#define ADMITTED(phone, address, device)                                 \
    do {                                                                 \
        struct otp_admission a_;                                         \
        NEED_INT(admit(c, (phone), (address), (device), NULL, &a_), OK); \
        NEED_INT(a_.refused_by, OTP_LIMIT_NONE);                         \
    } while (0)
#define REFUSED(phone, address, device, limit, wait)                     \
    do {                                                                 \
        struct otp_admission a_;                                         \
        NEED_INT(admit(c, (phone), (address), (device), NULL, &a_), OK); \
        NEED_INT(a_.refused_by, (limit));                                \
        NEED_INT(a_.retry_after_s, (wait));                              \
    } while (0)

/* Each of these stories is run against both judges. */
#define LIMIT_STORY(story_name)                   \
    static bool rule_##story_name(struct ctx *c); \
    STORY(story_name##_by_counters)               \
    {                                             \
        by_rows = false;                          \
        return rule_##story_name(c);              \
    }                                             \
    STORY(story_name##_by_rows)                   \
    {                                             \
        by_rows = true;                           \
        return rule_##story_name(c);              \
    }                                             \
    static bool rule_##story_name(struct ctx *c)

LIMIT_STORY(a_phone_rests_exactly_60_seconds)
{
    ADMITTED("+966512345678", "192.0.2.1", "a");
    REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_COOLDOWN, 60);
    NEED(advance(c, 59000));
    REFUSED("+966512345678", "192.0.2.2", "b", OTP_LIMIT_COOLDOWN, 1);
    NEED(advance(c, 1000));
    ADMITTED("+966512345678", "192.0.2.1", "a");
    ADMITTED("+966512345679", "192.0.2.1", "a");
    return true;
}

LIMIT_STORY(the_rest_doubles_after_the_third_in_a_row)
{
    w.rules.phone.max = 10;
    for (int i = 0; i < 3; i++) {
        ADMITTED("+966512345678", "192.0.2.1", "a");
        REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_COOLDOWN, 60);
        NEED(advance(c, 60000));
    }
    ADMITTED("+966512345678", "192.0.2.1", "a");
    REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_COOLDOWN, 120);
    NEED(advance(c, 120000));
    ADMITTED("+966512345678", "192.0.2.1", "a");
    REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_COOLDOWN, 240);
    return true;
}

LIMIT_STORY(a_phone_gets_five_in_a_window_and_room_when_the_oldest_leaves_it)
{
    w.rules.cooldown = seconds(10);
    for (int i = 0; i < 5; i++) {
        ADMITTED("+966512345678", "192.0.2.1", "a");
        NEED(advance(c, 100000));
    }
    REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_PHONE, 400);
    NEED(advance(c, 399000));
    REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_PHONE, 10); /* not below the cooldown */
    NEED(advance(c, 1000));
    ADMITTED("+966512345678", "192.0.2.1", "a");
    return true;
}

LIMIT_STORY(an_address_gets_twenty_in_a_window)
{
    char phone[32];
    for (int i = 0; i < 20; i++) {
        snprintf(phone, sizeof(phone), "+9665123456%02d", i);
        ADMITTED(phone, "192.0.2.1", i % 2 ? "a" : "b");
        NEED(advance(c, 1000));
    }
    REFUSED("+966512345699", "192.0.2.1", "c", OTP_LIMIT_ADDRESS, 880);
    ADMITTED("+966512345699", "192.0.2.2", "c");
    w.rules.address.max = 0; /* switched off */
    ADMITTED("+966512345698", "192.0.2.1", "c");
    return true;
}

LIMIT_STORY(a_device_gets_its_number_from_any_address)
{
    w.rules.device.max = 2;
    ADMITTED("+966512345601", "192.0.2.1", "a");
    ADMITTED("+966512345602", "192.0.2.2", "a");
    REFUSED("+966512345603", "192.0.2.3", "a", OTP_LIMIT_DEVICE, 900);
    ADMITTED("+966512345603", "192.0.2.3", "b");
    ADMITTED("+966512345604", "192.0.2.3", ""); /* nothing known: nothing to limit by */
    ADMITTED("+966512345605", "192.0.2.3", "");
    ADMITTED("+966512345606", "192.0.2.3", "");
    return true;
}

LIMIT_STORY(the_order_is_address_device_phone_cooldown)
{
    w.rules.address.max = w.rules.device.max = w.rules.phone.max = 1;
    ADMITTED("+966512345678", "192.0.2.1", "a");
    REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_ADDRESS, 900);
    REFUSED("+966512345678", "192.0.2.2", "a", OTP_LIMIT_DEVICE, 900);
    REFUSED("+966512345678", "192.0.2.2", "b", OTP_LIMIT_PHONE, 900);
    w.rules.phone.max = 2;
    REFUSED("+966512345678", "192.0.2.2", "b", OTP_LIMIT_COOLDOWN, 60);
    return true;
}

LIMIT_STORY(a_refusal_counts_nowhere)
{
    w.rules.address.max = 2;
    ADMITTED("+966512345678", "192.0.2.1", "a");
    for (int i = 0; i < 5; i++)
        REFUSED("+966512345678", "192.0.2.1", "a", OTP_LIMIT_COOLDOWN, 60);
    ADMITTED("+966512345679", "192.0.2.1", "a");
    REFUSED("+966512345670", "192.0.2.1", "a", OTP_LIMIT_ADDRESS, 900);
    return true;
}

LIMIT_STORY(what_was_not_sent_is_given_back_to_the_phone_alone)
{
    struct uuid id;
    struct otp_admission a;
    w.rules.address.max = 2;
    NEED_INT(admit(c, "+966512345678", "192.0.2.1", "a", &id, &a), OK);
    NEED_INT(a.refused_by, OTP_LIMIT_NONE);
    const struct otp_asker asker = {.request_id = id, .phone = STR("+966512345678")};
    NEED_INT(by_rows ? otp_store_void(c, &w.otp, id) : otp_limits_refund(c, &w.limits, &asker), OK);
    ADMITTED("+966512345678", "192.0.2.1", "a");
    REFUSED("+966512345679", "192.0.2.1", "a", OTP_LIMIT_ADDRESS, 900);
    return true;
}

static bool one_of_a_crowd(struct ctx *c)
{
    struct otp_admission a;
    char address[32];
    /* Different addresses and devices: nothing but the phone's own lock orders them. */
    uint64_t n = random_below(c->clock, 1000000);
    snprintf(address, sizeof(address), "10.%d.%d.1", (int)(n / 1000), (int)(n % 1000));
    return admit(c, "+966512345678", address, address, NULL, &a) == OK &&
           a.refused_by == OTP_LIMIT_NONE;
}

TEST(of_many_at_once_one_gets_the_last_place_by_either_judge)
{
    for (int judge = 0; judge < 2; judge++) {
        by_rows = judge == 1;
        world_begin();
        int cleaned = run_all(clean, 1), admitted = run_all(one_of_a_crowd, 40);
        world_end();
        CHECK_INT(cleaned, 1);
        CHECK_INT(admitted, 1);
    }
}

static bool one_of_an_address(struct ctx *c)
{
    struct otp_admission a;
    char phone[32];
    snprintf(phone, sizeof(phone), "+9665%08d", (int)random_below(c->clock, 100000000));
    return admit(c, phone, "192.0.2.1", "", NULL, &a) == OK && a.refused_by == OTP_LIMIT_NONE;
}

TEST(an_address_never_gets_more_than_its_number_however_many_ask_at_once)
{
    for (int judge = 0; judge < 2; judge++) {
        by_rows = judge == 1;
        world_begin();
        int cleaned = run_all(clean, 1), admitted = run_all(one_of_an_address, 60);
        world_end();
        CHECK_INT(cleaned, 1);
        CHECK_INT(admitted, 20);
    }
}

STORY(attempts_are_limited_by_address_and_by_phone)
{
    struct otp_admission a;
    struct otp_asker asker = {.phone = STR("+966512345678"), .address_key = STR("192.0.2.1")};
    for (int i = 0; i < 10; i++) {
        asker.request_id = uuid_random(c->clock);
        NEED_INT(otp_limits_admit_attempt(c, &w.limits, &w.rules, &asker, &a), OK);
        NEED_INT(a.refused_by, OTP_LIMIT_NONE);
    }
    asker.request_id = uuid_random(c->clock);
    NEED_INT(otp_limits_admit_attempt(c, &w.limits, &w.rules, &asker, &a), OK);
    NEED_INT(a.refused_by, OTP_LIMIT_PHONE);
    NEED_INT(a.retry_after_s, 900);
    asker.phone = STR("");
    for (int i = 0; i < 50; i++) {
        asker.request_id = uuid_random(c->clock);
        NEED_INT(otp_limits_admit_attempt(c, &w.limits, &w.rules, &asker, &a), OK);
        NEED_INT(a.refused_by, OTP_LIMIT_NONE);
    }
    asker.request_id = uuid_random(c->clock);
    NEED_INT(otp_limits_admit_attempt(c, &w.limits, &w.rules, &asker, &a), OK);
    NEED_INT(a.refused_by, OTP_LIMIT_ADDRESS);
    return true;
}

STORY(attempts_are_counted_from_rows_while_the_counters_are_lost)
{
    struct otp_created created;
    struct otp_ticket ticket;
    struct otp_admission a;
    const struct otp_asker asker = {.phone = STR("+966512345678"), .address_key = STR("192.0.2.1")};
    for (int i = 0; i < 3; i++) {
        struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
        NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
        for (int n = 0; n < (i < 2 ? 5 : 0); n++)
            NEED_INT(otp_store_count_attempt(c, &w.otp, row.id, OTP_PURPOSE_AUTH, &ticket), OK);
        NEED_INT(otp_store_admit_attempt(c, &w.otp, &w.rules, &asker, &a), OK);
        NEED_INT(a.refused_by, OTP_LIMIT_NONE);
        w.clock.ahead_us += 1000000;
    }
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    NEED_INT(otp_store_count_attempt(c, &w.otp, row.id, OTP_PURPOSE_AUTH, &ticket), OK);
    NEED_INT(otp_store_admit_attempt(c, &w.otp, &w.rules, &asker, &a), OK);
    NEED_INT(a.refused_by, OTP_LIMIT_PHONE);
    NEED(a.retry_after_s > 880 && a.retry_after_s <= 900);
    return true;
}

/* ---- requests ------------------------------------------------------------------------------ */

STORY(a_request_makes_the_user_once)
{
    struct otp_created first, second;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    row.language = LANG_EN;
    NEED_INT(otp_store_create(c, &w.otp, &row, &first), OK);
    NEED_INT(first.language, LANG_EN);
    row = row_of(c, "+966512345678", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &row, &second), OK);
    NEED_INT(second.user_id, first.user_id);
    NEED_INT(second.language, LANG_EN); /* the account's own, not the request's */
    struct account account;
    NEED_INT(account_store_get(c, &w.accounts, first.user_id, &account), OK);
    NEED(!account.phone_verified);
    NEED_INT(account.role, ROLE_CUSTOMER);
    NEED_INT(count(c, &count_users), 1);
    return true;
}

static bool first_request_of_a_phone(struct ctx *c)
{
    struct otp_created created;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    row.provider = STR("test");
    return otp_store_create(c, &w.otp, &row, &created) == OK;
}
static bool one_user_many_requests(struct ctx *c)
{
    NEED_INT(count(c, &count_users), 1);
    NEED_INT(count(c, &count_requests), 30);
    return true;
}
TEST(many_first_requests_at_once_make_one_user)
{
    world_begin();
    int cleaned = run_all(clean, 1), made = run_all(first_request_of_a_phone, 30);
    int one = run_all(one_user_many_requests, 1);
    world_end();
    CHECK_INT(cleaned, 1);
    CHECK_INT(made, 30);
    CHECK_INT(one, 1);
}

STORY(a_taken_email_address_writes_nothing_in_any_case_of_letters)
{
    struct otp_created created;
    struct account account;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    const struct account_changes mine = {.email = STR("Noura@example.com")};
    NEED_INT(account_store_change(c, &w.accounts, created.user_id, &mine, &account), OK);

    row = row_of(c, "+966512345679", "192.0.2.1");
    row.email = STR("noura@example.com");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), ERR_CONFLICT);
    struct otp_admission a;
    NEED_INT(otp_store_create_counted(c, &w.otp, &w.rules, &row, &a, &created), ERR_CONFLICT);
    NEED_INT(count(c, &count_users), 1);
    NEED_INT(count(c, &count_requests), 1);

    row = row_of(c, "+966512345678", "192.0.2.1"); /* one's own is no conflict */
    row.email = STR("noura@example.com");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    return true;
}

STORY(no_code_lies_in_the_table)
{
    struct otp_created created;
    struct otp_row row = row_of(c, "+966512349999", "192.0.2.1");
    row.mac = otp_code_mac(&w.otp_key, row.id, STR("867530"));
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    struct pg_rows rows;
    NEED_INT(pg_query(c, w.pg, &plain_texts, PG_ARGS(pg_text(STR("867530"))), &rows), OK);
    NEED_INT(pg_get_int8(&rows, 0, 0), 0);
    return true;
}

/* ---- attempts ------------------------------------------------------------------------------ */

static struct otp_row shared_row;

static enum err attempt(struct ctx *c, const struct otp_row *row)
{
    struct otp_ticket ticket;
    return otp_store_count_attempt(c, &w.otp, row->id, row->purpose, &ticket);
}

static int64_t attempts_of(struct ctx *c, const struct otp_row *row)
{
    struct pg_rows rows;
    enum err err = pg_query(c, w.pg, &count_attempts, PG_ARGS(pg_uuid(&row->id)), &rows);
    return err ? -1 : pg_get_int4(&rows, 0, 0);
}

STORY(an_attempt_reads_what_it_is_judged_by)
{
    struct otp_created created;
    struct otp_ticket ticket;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    NEED_INT(otp_store_count_attempt(c, &w.otp, row.id, OTP_PURPOSE_AUTH, &ticket), OK);
    NEED_INT(ticket.user_id, created.user_id);
    NEED(str_eq(ticket.phone, STR("+966512345678")) && str_eq(ticket.provider, STR("console")));
    NEED(otp_mac_matches(&w.otp_key, row.id, STR("123456"), &ticket.mac));
    NEED(!otp_mac_matches(&w.otp_key, row.id, STR("123457"), &ticket.mac));
    NEED_INT(otp_store_count_attempt(c, &w.otp, row.id, OTP_PURPOSE_VERIFY, &ticket),
             ERR_NOT_FOUND);
    struct uuid unknown = uuid_random(c->clock);
    NEED_INT(otp_store_count_attempt(c, &w.otp, unknown, OTP_PURPOSE_AUTH, &ticket), ERR_NOT_FOUND);
    NEED_INT(attempts_of(c, &row), 1);
    return true;
}

STORY(an_expired_request_counts_no_attempt)
{
    struct otp_created created;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    row.expires_at = ctx_now(c); /* now >= expires_at from here on */
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    NEED_INT(attempt(c, &row), ERR_NOT_FOUND);
    NEED_INT(attempts_of(c, &row), 0);
    return true;
}

static bool guess(struct ctx *c)
{
    return attempt(c, &shared_row) == OK;
}
static bool shared_request(struct ctx *c)
{
    struct otp_created created;
    shared_row = row_of(c, "+966512345678", "192.0.2.1");
    shared_row.provider = STR("test");
    return clean(c) && otp_store_create(c, &w.otp, &shared_row, &created) == OK;
}
TEST(many_guesses_at_once_get_five_attempts)
{
    world_begin();
    int made = run_all(shared_request, 1), judged = run_all(guess, 40);
    world_end();
    CHECK_INT(made, 1);
    CHECK_INT(judged, 5);
}

STORY(a_newer_request_closes_the_older_one_unless_it_failed_or_is_for_another_purpose)
{
    struct otp_created created;
    struct otp_row first = row_of(c, "+966512345678", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &first, &created), OK);
    struct otp_row other = row_of(c, "+966512345678", "192.0.2.1");
    other.purpose = OTP_PURPOSE_VERIFY;
    NEED_INT(otp_store_create(c, &w.otp, &other, &created), OK);
    struct otp_row failed = row_of(c, "+966512345678", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &failed, &created), OK);
    NEED_INT(attempt(c, &first), ERR_NOT_FOUND);
    NEED_INT(otp_store_void(c, &w.otp, failed.id), OK);
    NEED_INT(attempt(c, &failed), ERR_NOT_FOUND);
    NEED_INT(attempt(c, &first), OK);
    NEED_INT(attempt(c, &other), OK);
    struct otp_row second = row_of(c, "+966512345678", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &second, &created), OK);
    NEED_INT(attempt(c, &first), ERR_NOT_FOUND);
    NEED_INT(attempt(c, &second), OK);
    return true;
}

/* ---- logins -------------------------------------------------------------------------------- */

static struct session_new session_of(struct ctx *c, int64_t user_id)
{
    struct session_new session = {.id = uuid_random(c->clock),
                                  .client = {STR("192.0.2.1"), STR("Mawid/1.0")}};
    session.refresh = token_refresh_new(&w.keys, c->clock, user_id, session.id);
    session.refresh_hash = token_hash(token_refresh_sign(c->arena, &w.keys, &session.refresh));
    return session;
}

static enum err login_with(struct ctx *c, const struct otp_row *row, struct account *out,
                           bool *first_time)
{
    struct session_new session = session_of(c, 1);
    return session_store_login(c, &w.sessions, row->id, &session, out, first_time);
}

STORY(a_login_verifies_the_phone_and_applies_what_waited)
{
    struct otp_created created;
    struct account account;
    bool first_time = false;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    row.email = STR("noura@example.com");
    row.first_name = STR("نورة");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    NEED_INT(account_store_get(c, &w.accounts, created.user_id, &account), OK);
    NEED_INT(account.email.len + account.first_name.len, 0); /* they wait */
    NEED_INT(login_with(c, &row, &account, &first_time), OK);
    NEED(first_time && account.phone_verified);
    NEED(str_eq(account.email, STR("noura@example.com")));
    NEED(str_eq(account.first_name, STR("نورة")));
    NEED_INT(login_with(c, &row, &account, &first_time), ERR_NOT_FOUND);

    row = row_of(c, "+966512345678", "192.0.2.1");
    row.last_name = STR("العتيبي");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    NEED_INT(login_with(c, &row, &account, &first_time), OK);
    NEED(!first_time);
    NEED(str_eq(account.first_name, STR("نورة")) && str_eq(account.last_name, STR("العتيبي")));
    NEED_INT(count(c, &count_sessions), 2);
    return true;
}

STORY(an_email_address_that_was_taken_meanwhile_is_left_out_of_the_login)
{
    struct otp_created created, other;
    struct account account;
    bool first_time;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    row.email = STR("noura@example.com");
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    struct otp_row thief = row_of(c, "+966512345679", "192.0.2.1");
    NEED_INT(otp_store_create(c, &w.otp, &thief, &other), OK);
    const struct account_changes theirs = {.email = STR("Noura@example.com")};
    NEED_INT(account_store_change(c, &w.accounts, other.user_id, &theirs, &account), OK);
    NEED_INT(login_with(c, &row, &account, &first_time), OK);
    NEED_INT(account.id, created.user_id);
    NEED_INT(account.email.len, 0);
    return true;
}

static bool log_in(struct ctx *c)
{
    struct account account;
    bool first_time;
    return login_with(c, &shared_row, &account, &first_time) == OK;
}
static bool one_session(struct ctx *c)
{
    NEED_INT(count(c, &count_sessions), 1);
    return true;
}
TEST(of_many_logins_with_one_code_one_opens_a_session)
{
    world_begin();
    int made = run_all(shared_request, 1), won = run_all(log_in, 30);
    int one = run_all(one_session, 1);
    world_end();
    CHECK_INT(made, 1);
    CHECK_INT(won, 1);
    CHECK_INT(one, 1);
}

STORY(proving_a_phone_uses_the_code_and_opens_no_session)
{
    struct otp_created created;
    struct account account;
    struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
    row.purpose = OTP_PURPOSE_VERIFY;
    NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    NEED_INT(otp_store_prove(c, &w.otp, row.id), OK);
    NEED_INT(otp_store_prove(c, &w.otp, row.id), ERR_NOT_FOUND);
    NEED_INT(attempt(c, &row), ERR_NOT_FOUND);
    NEED_INT(account_store_get(c, &w.accounts, created.user_id, &account), OK);
    NEED(account.phone_verified);
    NEED_INT(count(c, &count_sessions), 0);
    return true;
}

STORY(minting_opens_a_session_for_a_verified_account)
{
    struct session_new session = session_of(c, 0);
    struct session_owner owner, again;
    struct account account;
    NEED_INT(session_store_open_for_phone(c, &w.sessions, STR("+966512345678"), &session, &owner),
             OK);
    session = session_of(c, 0);
    NEED_INT(session_store_open_for_phone(c, &w.sessions, STR("+966512345678"), &session, &again),
             OK);
    NEED_INT(again.user_id, owner.user_id);
    NEED_INT(again.lang, LANG_AR);
    NEED_INT(account_store_get(c, &w.accounts, owner.user_id, &account), OK);
    NEED(account.phone_verified);
    return true;
}

/* ---- families of refresh tokens ------------------------------------------------------------ */

static struct session_new family;
static int64_t family_user;

static bool family_begin(struct ctx *c)
{
    family = session_of(c, 0);
    struct session_owner owner;
    if (!clean(c) ||
        session_store_open_for_phone(c, &w.sessions, STR("+966512345678"), &family, &owner))
        return false;
    family_user = owner.user_id;
    return true;
}

static enum err rotate(struct ctx *c, const struct token_hash *shown, struct rotated *out,
                       struct token_hash *next_hash)
{
    struct session_new next = {.id = family.id, .client = {STR("192.0.2.9"), STR("Mawid/1.1")}};
    next.refresh = token_refresh_new(&w.keys, c->clock, family_user, family.id);
    next.refresh_hash = token_hash(token_refresh_sign(c->arena, &w.keys, &next.refresh));
    if (next_hash)
        *next_hash = next.refresh_hash;
    return session_store_rotate(c, &w.sessions, shown, &next, seconds(10), out);
}

STORY(a_refresh_token_is_rotated_repeated_within_the_grace_and_fatal_after_it)
{
    struct rotated first, again;
    struct token_hash second;
    NEED(family_begin(c));
    NEED_INT(rotate(c, &family.refresh_hash, &first, &second), OK);
    NEED_INT(first.verdict, ROTATION_DONE);
    w.clock.ahead_us += seconds(9).us;
    NEED_INT(rotate(c, &family.refresh_hash, &again, NULL), OK);
    NEED_INT(again.verdict, ROTATION_REPEATED);
    NEED(str_eq(token_refresh_sign(c->arena, &w.keys, &first.successor),
                token_refresh_sign(c->arena, &w.keys, &again.successor)));
    w.clock.ahead_us += seconds(2).us;
    NEED_INT(rotate(c, &family.refresh_hash, &again, NULL), OK);
    NEED_INT(again.verdict, ROTATION_REUSED);
    NEED_INT(count(c, &count_sessions), 0);
    NEED_INT(count(c, &count_audit), 1);
    NEED_INT(rotate(c, &second, &again, NULL), OK);
    NEED_INT(again.verdict, ROTATION_ENDED);
    return true;
}

STORY(a_rotation_tells_what_language_its_owner_prefers_by_now)
{
    const enum lang english = LANG_EN;
    const struct account_changes changes = {.language = &english};
    struct account account;
    struct rotated out;
    NEED(family_begin(c));
    NEED_INT(rotate(c, &family.refresh_hash, &out, NULL), OK);
    NEED_INT(out.lang, LANG_AR);
    NEED_INT(account_store_change(c, &w.accounts, family_user, &changes, &account), OK);
    NEED_INT(rotate(c, &family.refresh_hash, &out, NULL), OK);
    NEED_INT(out.verdict, ROTATION_REPEATED);
    NEED_INT(out.lang, LANG_EN);
    return true;
}

STORY(an_expired_or_unknown_family_has_ended)
{
    struct rotated out;
    NEED(family_begin(c));
    w.clock.ahead_us += seconds(30 * 86400).us;
    NEED_INT(rotate(c, &family.refresh_hash, &out, NULL), OK);
    NEED_INT(out.verdict, ROTATION_ENDED);
    family.id = uuid_random(c->clock);
    NEED_INT(rotate(c, &family.refresh_hash, &out, NULL), OK);
    NEED_INT(out.verdict, ROTATION_ENDED);
    NEED_INT(count(c, &count_audit), 0);
    return true;
}

static int rotations, repeats;
static struct uuid successor;
static bool same_successor;

static bool refresh_twin(struct ctx *c)
{
    struct rotated out;
    NEED_INT(rotate(c, &family.refresh_hash, &out, NULL), OK);
    NEED(out.verdict == ROTATION_DONE || out.verdict == ROTATION_REPEATED);
    if (rotations + repeats > 0)
        same_successor &= uuid_eq(successor, out.successor.jti);
    successor = out.successor.jti;
    rotations += out.verdict == ROTATION_DONE;
    repeats += out.verdict == ROTATION_REPEATED;
    return true;
}
TEST(twins_with_one_refresh_token_get_one_successor)
{
    world_begin();
    rotations = repeats = 0;
    same_successor = true;
    int made = run_all(family_begin, 1), answered = run_all(refresh_twin, 20);
    world_end();
    CHECK_INT(made, 1);
    CHECK_INT(answered, 20);
    CHECK_INT(rotations, 1);
    CHECK_INT(repeats, 19);
    CHECK(same_successor);
}

/* ---- budgets ------------------------------------------------------------------------------- */

static enum err swallow(struct ctx *c, struct otp_sender *sender, const struct otp_message *message,
                        int32_t *retry_after_s)
{
    struct str *code = (struct str *)(sender + 1);
    *code = str_copy(c->arena, message->code);
    return OK;
}

STORY(asking_costs_one_statement_and_one_script_entering_two_and_one)
{
    by_rows = false;
    struct {
        struct otp_sender sender;
        struct str code;
    } post = {.sender = {.name = "post", .send = swallow}};
    const struct otp_options options = {
        .key = w.otp_key, .ttl = minutes(5), .attempts_max = 5, .rules = w.rules};
    struct otp otp = {
        .options = &options, .store = &w.otp, .limits = &w.limits, .sender = &post.sender};
    const struct logins logins = {.keys = &w.keys, .sessions = &w.sessions, .grace = seconds(10)};
    const struct otp_request request = {.phone = STR("0512345678"),
                                        .device_id = STR("d"),
                                        .email = STR("noura@example.com"),
                                        .address = STR("192.0.2.1"),
                                        .address_key = STR("192.0.2.1")};
    struct otp_receipt receipt;
    ADMITTED("+966512345679", "192.0.2.1", "a"); /* Redis may not know the script yet */
    c->costs = (struct ctx_costs){0};
    NEED_INT(otp_request(c, &otp, &request, &receipt), OK);
    NEED_INT(c->costs.pg_statements, 1);
    NEED_INT(c->costs.redis_commands, 1);

    const struct otp_attempt entered = {
        .request_id = receipt.id, .code = post.code, .address_key = STR("192.0.2.1")};
    const struct session_client client = {STR("192.0.2.1"), STR("Mawid/1.0")};
    struct login login;
    c->costs = (struct ctx_costs){0};
    NEED_INT(login_by_code(c, &logins, &otp, &entered, &client, &login), OK);
    NEED_INT(c->costs.pg_statements, 2);
    NEED_INT(c->costs.redis_commands, 1);

    struct token_pair pair;
    c->costs = (struct ctx_costs){0};
    NEED_INT(login_refresh(c, &logins, login.tokens.refresh, &client, &pair), OK);
    NEED_INT(c->costs.pg_statements, 1);
    NEED_INT(c->costs.redis_commands, 0);
    return true;
}

/* ---- what is forgotten ---------------------------------------------------------------------- */

static struct instant days_ago(struct ctx *c, int64_t days)
{
    return (struct instant){ctx_now(c).us - seconds(days * 86400).us};
}

static bool ask_five_times(struct ctx *c)
{
    struct otp_created created;
    for (int i = 0; i < 5; i++) {
        struct otp_row row = row_of(c, "+966512345678", "192.0.2.1");
        NEED_INT(otp_store_create(c, &w.otp, &row, &created), OK);
    }
    return true;
}

STORY(old_codes_are_forgotten_a_few_at_a_time_and_young_ones_are_not)
{
    static const int64_t expected[] = {2, 2, 1, 0};
    int64_t gone;
    NEED(ask_five_times(c));
    NEED_INT(sweep_store_codes(c, &w.sweeps, days_ago(c, 1), 2, &gone), OK);
    NEED_INT(gone, 0);
    w.clock.ahead_us += seconds(2 * 86400).us;
    NEED(ask_five_times(c));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        NEED_INT(sweep_store_codes(c, &w.sweeps, days_ago(c, 1), 2, &gone), OK);
        NEED_INT(gone, expected[i]);
    }
    NEED_INT(count(c, &count_requests), 5);
    NEED_INT(count(c, &count_users), 1);
    return true;
}

static int64_t swept;
static bool sweep_one(struct ctx *c)
{
    int64_t gone;
    NEED_INT(sweep_store_codes(c, &w.sweeps, (struct instant){ctx_now(c).us + 1000000}, 1, &gone),
             OK);
    swept += gone;
    return true;
}
TEST(sweeps_at_once_wait_for_nobody_and_take_each_row_once)
{
    world_begin();
    swept = 0;
    int cleaned = run_all(clean, 1), made = run_all(ask_five_times, 2), fine = 0;
    for (int round = 0; round < 10; round++) /* who finds all rows locked comes back later */
        fine += run_all(sweep_one, 8);
    world_end();
    CHECK_INT(cleaned + made, 3);
    CHECK_INT(fine, 80);
    CHECK_INT(swept, 10);
}

STATEMENT(age_session, 1, "UPDATE auth_session SET revoked_at = $1");
STATEMENT(all_sessions, 0, "SELECT count(*) FROM auth_session");

STORY(sessions_are_forgotten_when_they_ended_long_ago_and_answered_as_before)
{
    struct rotated out;
    struct token_hash second;
    struct pg_rows rows;
    int64_t gone;
    NEED(family_begin(c));
    NEED_INT(sweep_store_sessions(c, &w.sweeps, ctx_now(c), 10, &gone), OK);
    NEED_INT(gone, 0); /* alive */
    NEED_INT(rotate(c, &family.refresh_hash, &out, &second), OK);
    w.clock.ahead_us += seconds(11).us;
    NEED_INT(rotate(c, &family.refresh_hash, &out, NULL), OK);
    NEED_INT(out.verdict, ROTATION_REUSED);
    NEED_INT(sweep_store_sessions(c, &w.sweeps, days_ago(c, 30), 10, &gone), OK);
    NEED_INT(gone, 0); /* only just ended */
    NEED_INT(pg_query(c, w.pg, &age_session, PG_ARGS(pg_instant(days_ago(c, 31))), &rows), OK);
    NEED_INT(sweep_store_sessions(c, &w.sweeps, days_ago(c, 30), 10, &gone), OK);
    NEED_INT(gone, 1);
    NEED_INT(rotate(c, &second, &out, NULL), OK);
    NEED_INT(out.verdict, ROTATION_ENDED);
    NEED_INT(count(c, &count_audit), 1); /* what must outlive it is written there */

    NEED(family_begin(c));
    w.clock.ahead_us += seconds(61 * 86400).us; /* expired after 30, ended 31 days ago */
    NEED_INT(sweep_store_sessions(c, &w.sweeps, days_ago(c, 30), 10, &gone), OK);
    NEED_INT(gone, 1);
    NEED_INT(count(c, &all_sessions), 0);
    return true;
}

/* ---- the schema ---------------------------------------------------------------------------- */

STATEMENT(bad_phone, 0, "INSERT INTO accounts_user (phone_number) VALUES ('0512345678')");

STORY(no_account_without_a_phone_in_e164)
{
    struct pg_rows rows;
    NEED_INT(pg_query(c, w.pg, &bad_phone, PG_NO_ARGS, &rows), ERR_CONFLICT);
    NEED(str_eq(rows.constraint, STR("accounts_user_phone_e164_format")));
    return true;
}
