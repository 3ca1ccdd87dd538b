/* What a core knows by heart, held against a private Postgres: the feed misses nothing, a search in memory
 * is the search in SQL, and what slots offer can be booked, and nothing else. */
#include "storage/catalogue_cache.h"

#include "domain/catalogue/fold.h"
#include "embedded.h"
#include "runtime/pg.h"
#include "storage/catalogue_sql.h"
#include "storage/catalogue_store.h"
#include "tests/unit/runtime/real_loop.h"
#include "tests/unit/storage/sql.h"

/* ---- a loop with a pool and a cache, and a salon open 10:00-20:00 in Riyadh --------------------- */

struct fixture {
    PGconn *db;
    struct real real;
    struct pg_pool *pool;
    struct catalogue_cache cache;
    struct catalogue_store store;
    int64_t salon, service, staff[2], customer;
    /* of the job under way */
    void (*act)(struct ctx *c, struct fixture *f);
    const void *in;
    void *out;
    enum err err;
};

static int64_t add_mona(PGconn *db, const char *role)
{
    int64_t user = add_user(db, role);
    ask(db, "UPDATE accounts_user SET first_name = 'Mona' WHERE id = %lld", (long long)user);
    return user;
}

static int64_t add_closed_salon(PGconn *db, const char *names)
{
    return ask_int(db,
                   "INSERT INTO catalogue_salon (owner_id, currency, name_ar, name_en, "
                   "city_ar, city_en) VALUES (%lld, 'SAR', %s) RETURNING id",
                   (long long)add_user(db, "manager"), names);
}

static int64_t add_member(struct fixture *f)
{
    return add_staff(f->db, f->salon, add_mona(f->db, "staff"), f->service, 600, 1080);
}

static void make_salon(struct fixture *f)
{
    f->salon = add_salon(f->db, add_user(f->db, "manager"), 600, 1200);
    f->service = add_service(f->db, f->salon);
    f->staff[0] = add_member(f);
    f->staff[1] = add_member(f);
    f->customer = add_mona(f->db, "customer");
}

/* Looks for changes before every answer, and bears `stale` of them while Postgres is away. */
static struct fixture *fixture_begin(struct duration stale)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->db = sql_session();
    f->real = real_begin();
    f->pool = pg_pool_new(f->real.loop, &(struct pg_options){.url = private_pg_url(),
                                                             .conns = 3,
                                                             .pipeline_max = 8,
                                                             .queue_max = 100,
                                                             .statement_timeout_ms = 8000,
                                                             .lock_timeout_ms = 8000,
                                                             .rows_bytes_max = 4 << 20,
                                                             .application_name = "test"});
    catalogue_cache_init(
        &f->cache, f->pool, 42,
        &(struct catalogue_cache_options){.bytes_max = 1 << 20, .stale_max = stale});
    f->store = (struct catalogue_store){f->pool, &f->cache};
    make_salon(f);
    return f;
}

static void fixture_end(struct fixture *f)
{
    catalogue_cache_fini(&f->cache);
    pg_pool_free(f->pool);
    real_turn_until(&f->real, NULL, 50);
    real_end(&f->real);
    PQfinish(f->db);
    free(f);
}

static void act_main(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    f->act(c, f);
}

/* Runs it in a fiber to its end. */
static enum err act(struct fixture *f, void (*run)(struct ctx *c, struct fixture *f),
                    const void *in, void *out)
{
    struct job job;
    f->act = run;
    f->in = in;
    f->out = out;
    f->err = ERR_INTERNAL;
    job_start(&f->real, &job, act_main, f);
    if (!real_finish(&f->real, 20000))
        private_broken("the fiber does not end");
    return f->err;
}

static void act_catch_up(struct ctx *c, struct fixture *f)
{
    f->err = catalogue_cache_catch_up(c, &f->cache);
}

static void act_refresh(struct ctx *c, struct fixture *f)
{
    f->err = catalogue_cache_refresh(c, &f->cache);
}

static void act_facts(struct ctx *c, struct fixture *f)
{
    const struct salon_facts *facts;
    f->err = catalogue_cache_facts(c, &f->cache, *(const int64_t *)f->in, &facts, f->out);
}

static uint64_t load(struct fixture *f, int64_t salon)
{
    uint64_t version = 0;
    if (act(f, act_facts, &salon, &version) != OK)
        private_broken("facts do not come");
    return version;
}

static void act_version(struct ctx *c, struct fixture *f)
{
    *(uint64_t *)f->out = catalogue_cache_version(c, &f->cache, *(const int64_t *)f->in);
    f->err = OK;
}

/* Of what is in memory; 0: nothing. */
static uint64_t known(struct fixture *f, int64_t salon)
{
    uint64_t version = 0;
    act(f, act_version, &salon, &version);
    return version;
}

static void rename_salon(PGconn *db, int64_t salon)
{
    ask(db, "UPDATE catalogue_salon SET name_en = name_en || 'x' WHERE id = %lld",
        (long long)salon);
}

/* ---- the feed --------------------------------------------------------------------------------- */

TEST(transactions_that_commit_in_another_order_than_they_began_are_all_seen_once)
{
    struct fixture *f = fixture_begin(seconds(1));
    int64_t first = f->salon, second = add_closed_salon(f->db, "'ب', 'B', 'ر', 'R'");
    PGconn *early = sql_session(), *late = sql_session();
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    uint64_t first_version = load(f, first);
    load(f, second);

    ask(early, "BEGIN");
    rename_salon(early, first); /* has the smaller transaction id, and is not committed yet */
    ask(late, "BEGIN");
    rename_salon(late, second);
    ask(late, "COMMIT");
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(known(f, second), 0);
    CHECK_INT(known(f, first), first_version);

    uint64_t second_version = load(f, second);
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(known(f, second), second_version); /* told once */

    ask(early, "COMMIT");
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(known(f, first), 0);
    CHECK_INT(known(f, second), second_version);
    PQfinish(early);
    PQfinish(late);
    fixture_end(f);
}

TEST(many_interleaved_writers_leave_no_stale_salon)
{
    enum { SALONS = 8, WRITERS = 4, ROUNDS = 200 };
    struct fixture *f = fixture_begin(seconds(1));
    int64_t salons[SALONS];
    bool open[WRITERS] = {false}, dirty[WRITERS][SALONS] = {{false}};
    PGconn *writers[WRITERS];
    uint64_t random = 1, kept[SALONS];
    for (int i = 0; i < SALONS; i++)
        salons[i] = add_closed_salon(f->db, "'م', 'M', 'ر', 'R'");
    for (int i = 0; i < WRITERS; i++)
        writers[i] = sql_session();
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    for (int i = 0; i < SALONS; i++)
        kept[i] = load(f, salons[i]);
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int writer = (int)(random >> 40) % WRITERS, salon = (int)(random >> 50) % SALONS;
        bool blocked = false; /* another writer holds the row */
        for (int i = 0; i < WRITERS; i++)
            blocked |= i != writer && dirty[i][salon];
        if (!open[writer])
            ask(writers[writer], "BEGIN");
        open[writer] = true;
        if (!blocked) {
            rename_salon(writers[writer], salons[salon]);
            dirty[writer][salon] = true;
        }
        if ((random >> 33) % 3)
            continue;
        ask(writers[writer], "COMMIT");
        open[writer] = false;
        CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
        for (int i = 0; i < SALONS; i++) {
            uint64_t version = known(f, salons[i]);
            CHECK_INT(version, dirty[writer][i] ? 0 : kept[i]);
            kept[i] = version ? version : load(f, salons[i]);
            dirty[writer][i] = false;
        }
    }
    for (int i = 0; i < WRITERS; i++)
        PQfinish(writers[i]);
    fixture_end(f);
}

TEST(every_table_of_a_salon_is_in_the_feed)
{
    static const char *const changes[] = {
        "UPDATE catalogue_opening SET opens_minute = 601 WHERE salon_id = %lld",
        "UPDATE catalogue_service SET price_amount = 5 WHERE salon_id = %lld",
        "UPDATE catalogue_staff SET active = false WHERE salon_id = %lld",
        "DELETE FROM catalogue_staff_service o USING catalogue_staff s "
        "WHERE s.id = o.staff_id AND s.salon_id = %lld",
        "UPDATE catalogue_staff_window w SET ends_minute = 1081 FROM catalogue_staff s "
        "WHERE s.id = w.staff_id AND s.salon_id = %lld",
        "INSERT INTO catalogue_staff_exception (staff_id, kind, starts_at, ends_at) "
        "SELECT id, 'off', now(), now() + interval '1 h' FROM catalogue_staff WHERE salon_id = "
        "%lld",
        "UPDATE accounts_user u SET last_name = 'Z' FROM catalogue_staff s "
        "WHERE s.user_id = u.id AND s.salon_id = %lld",
        "INSERT INTO catalogue_room (salon_id, name_ar, name_en) VALUES (%lld, 'غ', 'R')",
        "INSERT INTO catalogue_service_room SELECT v.id, r.id FROM catalogue_service v "
        "JOIN catalogue_room r USING (salon_id) WHERE v.salon_id = %lld",
    };
    struct fixture *f = fixture_begin(seconds(1));
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        char sql[400];
        load(f, f->salon);
        const char *text = changes[i];
        assert(text); /* or gcc sees it NULL behind UBSan's check of strstr */
        const char *place = strstr(text, "%lld");
        int len = snprintf(sql, sizeof(sql), "%.*s", (int)(place - text), text);
        snprintf(sql + len, sizeof(sql) - (size_t)len, "%lld%s", (long long)f->salon, place + 4);
        ask(f->db, "%s", sql);
        CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
        if (known(f, f->salon) != 0)
            test_fail(t, __FILE__, __LINE__, "not in the feed: %s", sql);
    }
    fixture_end(f);
}

TEST(what_is_rolled_back_is_not_told_and_what_is_deleted_is)
{
    struct fixture *f = fixture_begin(seconds(1));
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    uint64_t version = load(f, f->salon);
    ask(f->db, "BEGIN");
    rename_salon(f->db, f->salon);
    ask(f->db, "ROLLBACK");
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(known(f, f->salon), version);
    ask(f->db, "DELETE FROM catalogue_opening WHERE salon_id = %lld", (long long)f->salon);
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(known(f, f->salon), 0);
    load(f, f->salon);
    ask(f->db, "DELETE FROM catalogue_staff_service WHERE staff_id = %lld", (long long)f->staff[0]);
    ask(f->db, "DELETE FROM catalogue_staff_window WHERE staff_id = %lld", (long long)f->staff[0]);
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    load(f, f->salon);
    ask(f->db, "DELETE FROM catalogue_staff WHERE id = %lld", (long long)f->staff[0]);
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(known(f, f->salon), 0);
    fixture_end(f);
}

TEST(every_table_of_the_catalogue_is_watched_or_known_not_to_be)
{
    struct fixture *f = fixture_begin(seconds(1));
    CHECK_ASK("catalogue_change catalogue_photo catalogue_review", f->db,
              "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c "
              "WHERE c.relname LIKE 'catalogue\\_%%' AND c.relkind = 'r' AND NOT EXISTS (SELECT "
              "FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'catalogue_note_change')");
    fixture_end(f);
}

TEST(rows_that_came_with_a_dump_are_not_told_at_each_look)
{
    struct fixture *f = fixture_begin(seconds(1));
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    ask(f->db, "INSERT INTO catalogue_change (xid, salon_id) VALUES ('900000000000', %lld)",
        (long long)f->salon);
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    uint64_t version = load(f, f->salon);
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(known(f, f->salon), version);
    ask(f->db, "DELETE FROM catalogue_change WHERE xid = '900000000000'");
    fixture_end(f);
}

TEST(what_changes_while_it_is_loaded_is_not_kept)
{
    struct fixture *f = fixture_begin(seconds(1));
    PGconn *blocker = sql_session();
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    ask(blocker, "BEGIN");
    ask(blocker, "LOCK TABLE catalogue_staff_window");

    struct job loading, looking;
    uint64_t version = 77;
    f->act = act_facts;
    f->in = &f->salon;
    f->out = &version;
    job_start(&f->real, &loading, act_main, f);
    real_turn_until(&f->real, NULL, 200); /* the salon is read, its windows are waited for */
    rename_salon(f->db, f->salon);
    f->act = act_catch_up;
    job_start(&f->real, &looking, act_main, f);
    real_turn_until(&f->real, NULL, 200);
    ask(blocker, "COMMIT");
    CHECK(real_finish(&f->real, 5000));
    CHECK_INT(version, 0);
    CHECK_INT(known(f, f->salon), 0);
    CHECK(load(f, f->salon) != 0);
    PQfinish(blocker);
    fixture_end(f);
}

static void crowd_main(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    const struct salon_facts *facts;
    uint64_t version;
    enum err err = catalogue_cache_catch_up(c, &f->cache);
    if (err == OK)
        err = catalogue_cache_facts(c, &f->cache, f->salon, &facts, &version);
    if (err)
        f->err = err;
}

TEST(a_crowd_shares_one_look_and_one_reading)
{
    struct fixture *f = fixture_begin(seconds(1));
    struct job jobs[50];
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    uint64_t looks = f->cache.feed.begun;
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        job_start(&f->real, &jobs[i], crowd_main, f);
    CHECK(real_finish(&f->real, 20000));
    CHECK_INT(f->err, OK);
    CHECK_INT(f->cache.feed.begun - looks,
              2); /* the one that had begun was too old for the others */
    CHECK_INT(f->cache.last_version, 1);
    fixture_end(f);
}

TEST(a_look_that_cannot_be_continued_forgets_everything)
{
    struct fixture *f = fixture_begin(seconds(1));
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    load(f, f->salon);
    /* As of an older copy of the server, whose transaction ids are behind; as of another one. */
    static const char *const looks[] = {"00000001 900000000000:900000000000:", "00000009 1:1:"};
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        f->cache.feed.look_len = strlen(looks[i]);
        memcpy(f->cache.feed.look, looks[i], f->cache.feed.look_len);
        CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
        CHECK_INT(known(f, f->salon), 0);
        load(f, f->salon);
        CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
        CHECK(known(f, f->salon) != 0);
    }
    fixture_end(f);
}

TEST(with_postgres_away_memory_is_good_for_a_while_only)
{
    struct fixture *f = fixture_begin(seconds(5));
    CHECK_INT(act(f, act_refresh, NULL, NULL), OK);
    load(f, f->salon);
    CHECK(private_servers("stop-pg"));
    CHECK_INT(act(f, act_refresh, NULL, NULL), OK);
    CHECK(known(f, f->salon) != 0);
    f->cache.options.stale_max = seconds(0);
    CHECK_INT(act(f, act_refresh, NULL, NULL), ERR_UNAVAILABLE);
    CHECK(private_servers("start-pg"));
    int64_t until = (int64_t)real_now_ms() + 10000;
    while (act(f, act_refresh, NULL, NULL) != OK && (int64_t)real_now_ms() < until)
        real_turn_until(&f->real, NULL, 50);
    CHECK_INT(known(f, f->salon), 0); /* who knows what the server has lost */
    fixture_end(f);
}

static int64_t next_xid(PGconn *db, const char *end)
{
    ask(db, "BEGIN");
    int64_t xid = ask_int(db, "SELECT pg_current_xact_id()");
    ask(db, "%s", end);
    return xid;
}

/* A crash, and a change after it. -> its number had been given out before, and a look had passed it */
static bool change_after_crash(struct fixture *f)
{
    int64_t lost = next_xid(f->db, "ROLLBACK"), until = (int64_t)real_now_ms() + 10000;
    if (act(f, act_catch_up, NULL, NULL) != OK || !private_servers("kill-pg") ||
        !private_servers("start-pg"))
        private_broken("Postgres cannot be crashed");
    PQfinish(f->db);
    f->db = sql_session();
    ask(f->db, "BEGIN");
    int64_t xid = ask_int(f->db, "SELECT pg_current_xact_id()");
    rename_salon(f->db, f->salon);
    ask(f->db, "COMMIT");
    while (next_xid(f->db, "COMMIT") <= lost)
        continue;
    while (act(f, act_catch_up, NULL, NULL) != OK && (int64_t)real_now_ms() < until)
        real_turn_until(&f->real, NULL, 50);
    return xid <= lost;
}

TEST(a_change_under_a_number_that_was_given_out_before_a_crash_is_seen)
{
    struct fixture *f = fixture_begin(seconds(1));
    bool again = false;
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    /* The disk may have heard of the number by chance, five times a second: then once more. */
    for (int attempt = 0; attempt < 20 && !again; attempt++) {
        load(f, f->salon);
        again = change_after_crash(f);
        CHECK_INT(known(f, f->salon), 0);
    }
    CHECK(again);
    fixture_end(f);
}

/* By heart and by asking everything: the same slots? */
static void act_both_ways(struct ctx *c, struct fixture *f)
{
    struct slots_query *query = f->out;
    struct catalogue_store plain = {.pool = f->pool};
    struct slots known, asked;
    f->err = catalogue_slots(c, &plain, query, &asked);
    if (f->err == OK)
        f->err = catalogue_slots(c, &f->store, query, &known);
    if (f->err)
        return;
    const struct slots *a = &asked, *b = &known;
    /* Between the two the clock went on: a slot may have come too soon meanwhile. */
    size_t late = a->len - b->len;
    if (late > 1 || memcmp(a->starts_s + late, b->starts_s, b->len * sizeof(*b->starts_s)) != 0 ||
        memcmp(a->free + late, b->free, b->len * sizeof(*b->free)) != 0)
        f->err = ERR_CONFLICT;
}

static size_t bytes_of(const struct catalogue_cache *cache)
{
    return cache->facts.lru.bytes + cache->directory.salons.bytes + cache->claims.lru.bytes;
}

TEST(memory_is_bounded_and_the_least_asked_for_goes)
{
    enum { BYTES = 192 << 10 };
    struct fixture *f = fixture_begin(seconds(1));
    catalogue_cache_fini(&f->cache);
    catalogue_cache_init(
        &f->cache, f->pool, 42,
        &(struct catalogue_cache_options){.bytes_max = BYTES, .stale_max = seconds(1)});
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    load(f, f->salon);
    for (int i = 0; i < 40; i++) {
        load(f, add_closed_salon(f->db, "'ص', 'S', 'ر', 'R'"));
        if (i < 5)
            load(f, f->salon);
        CHECK(bytes_of(&f->cache) <= BYTES);
    }
    CHECK(f->cache.facts.lru.evictions > 0);
    CHECK_INT(f->cache.stats.evictions, f->cache.facts.lru.evictions);
    CHECK_INT(f->cache.stats.bytes, bytes_of(&f->cache));
    CHECK_INT(known(f, f->salon), 0);
    fixture_end(f);
}

TEST(claims_are_bounded_and_read_again_when_they_fell_out)
{
    enum { BYTES = 3 * 6144, STAFF = 12 };
    struct fixture *f = fixture_begin(seconds(1));
    struct slots_query query = {.salon = f->salon, .service = f->service, .days = 7};
    query.from.days = (int32_t)(clock_system.wall(&clock_system).us / 86400000000 + 1);
    for (int i = 2; i < STAFF; i++)
        add_member(f);
    ask(f->db,
        "INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, "
        "ends_at, claimed, status, price_amount, currency, cancel_cutoff_minutes, "
        "late_cancel_fee_amount, no_show_fee_amount, deposit_amount) SELECT %lld, %lld, s.id, "
        "%lld, "
        "at, at + interval '1 h', tstzrange(at, at + interval '1 h'), 'confirmed', 1, 'SAR', 0, 0, "
        "0, 0 FROM catalogue_staff s, generate_series(1, 50) d, LATERAL (SELECT current_date + d + "
        "interval '9 h') a (at) WHERE s.salon_id = %lld",
        (long long)f->salon, (long long)f->service, (long long)f->customer, (long long)f->salon);
    catalogue_cache_fini(&f->cache);
    catalogue_cache_init(
        &f->cache, f->pool, 42,
        &(struct catalogue_cache_options){.bytes_max = BYTES, .stale_max = seconds(1)});
    for (int round = 0; round < 5; round++) {
        if (act(f, act_both_ways, NULL, &query) != OK)
            CHECK_INT(act(f, act_both_ways, NULL, &query), OK);
        CHECK(f->cache.claims.lru.bytes <= BYTES / 3 && f->cache.claims.lru.len > 0);
    }
    CHECK(f->cache.claims.lru.evictions > STAFF);
    fixture_end(f);
}

struct both {
    struct slots_query query;
    size_t slots_len;
};

static void act_count_slots(struct ctx *c, struct fixture *f)
{
    struct both *both = f->out;
    struct slots slots;
    f->err = catalogue_slots(c, &f->store, &both->query, &slots);
    both->slots_len = f->err ? 0 : slots.len;
}

TEST(facts_that_are_forgotten_while_claims_are_read_are_read_again)
{
    struct fixture *f = fixture_begin(seconds(1));
    struct both both = {.query = {.salon = f->salon, .service = f->service, .days = 7}};
    both.query.from.days = (int32_t)(clock_system.wall(&clock_system).us / 86400000000 + 1);
    CHECK_INT(act(f, act_count_slots, NULL, &both), OK);
    CHECK(both.slots_len > 0);

    struct job job;
    claims_cache_clear(&f->cache.claims);
    job_start(&f->real, &job, act_main, f);
    while (list_empty(&f->cache.claims.loads)) /* the facts are known, the claims are under way */
        real_turn_until(&f->real, NULL, 1);
    CHECK_INT(f->cache.facts.lru.len, 1);
    ask(f->db, "DELETE FROM catalogue_opening WHERE salon_id = %lld", (long long)f->salon);
    lru_clear(&f->cache.facts.lru); /* what a look of another request does now */
    CHECK(real_finish(&f->real, 20000));
    CHECK_INT(f->err, OK);
    CHECK_INT(both.slots_len, 0);
    fixture_end(f);
}

/* ---- searching ---------------------------------------------------------------------------------- */

static uint64_t seed = 7;

static uint32_t below(uint32_t bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % bound;
}

/* One code point as UTF-8. */
static size_t encode(uint32_t ch, char *to)
{
    if (ch < 0x80) {
        to[0] = (char)ch;
        return 1;
    }
    if (ch < 0x800) {
        to[0] = (char)(0xc0 | ch >> 6);
        to[1] = (char)(0x80 | (ch & 0x3f));
        return 2;
    }
    to[0] = (char)(0xe0 | ch >> 12);
    to[1] = (char)(0x80 | (ch >> 6 & 0x3f));
    to[2] = (char)(0x80 | (ch & 0x3f));
    return 3;
}

static bool fold_agrees(PGconn *db, struct arena *arena, const char *text, bool *known)
{
    struct str folded;
    const char *const args[] = {text};
    *known = search_fold(arena, str_c(text), &folded);
    if (!*known)
        return true;
    PGresult *row = PQexecParams(db, "SELECT search_fold($1::text)", 1, NULL, args, NULL, NULL, 0);
    bool same = PQntuples(row) == 1 && str_eq(folded, str_c(PQgetvalue(row, 0, 0)));
    PQclear(row);
    return same;
}

TEST(folding_in_memory_is_folding_in_the_database)
{
    struct fixture *f = fixture_begin(seconds(1));
    struct arena_pool pool;
    struct arena arena;
    int known_letters = 0;
    bool known;
    arena_pool_init(&pool, 4096, 4);
    arena_begin(&arena, &pool);
    for (uint32_t ch = 1; ch < 0x2100; ch++) {
        char text[16] = "a";
        size_t len = 1 + encode(ch, text + 1);
        text[len] = 'b';
        if (ch >= 0x80 && ch < 0x600)
            continue; /* nothing there is known */
        if (!fold_agrees(f->db, &arena, text, &known))
            test_fail(t, __FILE__, __LINE__, "U+%04X", ch);
        known_letters += known;
    }
    CHECK(known_letters > 370);
    for (int round = 0; round < 500; round++) {
        char text[200];
        size_t len = 0;
        for (uint32_t n = below(20); n > 0; n--)
            len += encode(below(3) ? 0x600 + below(0x100) : 1 + below(0x7e), text + len);
        text[len] = '\0';
        CHECK(fold_agrees(f->db, &arena, text, &known));
    }
    arena_end(&arena);
    arena_pool_fini(&pool);
    fixture_end(f);
}

struct search {
    struct salon_query query;
    bool in_memory, same;
    struct salon_page page;
};

static void act_search(struct ctx *c, struct fixture *f)
{
    struct search *search = f->out;
    struct salon_page sql;
    f->err = catalogue_store_search(c, &f->store, &search->query, &search->page);
    if (f->err == OK)
        f->err = catalogue_sql_search(c, f->pool, &search->query, &sql);
    search->in_memory = search->page.stamp != 0;
    search->same = f->err == OK && search->page.len == sql.len && search->page.more == sql.more;
    for (size_t i = 0; search->same && i < sql.len; i++) {
        const struct salon *a = &search->page.items[i], *b = &sql.items[i];
        search->same = a->id == b->id && str_eq(a->name.in[LANG_AR], b->name.in[LANG_AR]) &&
                       str_eq(a->phone, b->phone) && a->rating_hundredths == b->rating_hundredths;
    }
    if (search->page.len) /* the next page */
        search->query.after_id = search->page.items[search->page.len - 1].id;
    if (search->page.len)
        search->query.after_rating_hundredths =
            search->page.items[search->page.len - 1].rating_hundredths;
}

static const char *const pieces[] = {"صالون", "الياسمين", "أناقة", "لؤلؤة",  "جدّة", "Salon",
                                     "Pearl", "JASMINE",  "of",    "العُليا", "٣",   "spa & nails"};
static const char *const cities[][2] = {
    {"الرياض", "Riyadh"}, {"جدة", "Jeddah"}, {"مكّة", "Makkah"}, {"-", "..."}};
static const char *const queries[] = {"",
                                      "",
                                      "صالون",
                                      "ياسمين",
                                      "اناقه",
                                      "أَنَاقَة",
                                      "لولوه",
                                      "salon",
                                      "pearl OF",
                                      "SA",
                                      "a",
                                      "%",
                                      "_",
                                      "3",
                                      "spa nails",
                                      "of pearl jasmine",
                                      "zzz",
                                      "!!",
                                      "\xe2\x80\x8f",
                                      "café",
                                      "ﺻﺎﻟﻮﻥ",
                                      "جده",
                                      "riyadh"};
static const char *const asked_cities[] = {"",    "",    "",  "riyadh", "جدة",
                                           "جده", "مكه", "!", "Dammam", "r\xc3\xa9"};

TEST(a_search_in_memory_is_the_search_in_sql)
{
    struct fixture *f = fixture_begin(seconds(1));
    int in_memory = 0, found = 0;
    for (int i = 0; i < 300; i++) {
        const char *const *city = cities[below(ARRAY_LEN(cities))];
        ask(f->db,
            "INSERT INTO catalogue_salon (owner_id, rating_hundredths, active, name_ar, name_en, "
            "city_ar, city_en, currency) VALUES (%lld, %u, %s, '%s %s', '%s %s', '%s', '%s', "
            "'SAR')",
            (long long)add_user(f->db, "manager"), below(6) * 100, below(10) ? "true" : "false",
            pieces[below(ARRAY_LEN(pieces))], pieces[below(ARRAY_LEN(pieces))],
            pieces[below(ARRAY_LEN(pieces))], pieces[below(ARRAY_LEN(pieces))], city[0], city[1]);
    }
    for (int round = 0; round < 400; round++) {
        struct search search = {
            .query = {.q = str_c(queries[below(ARRAY_LEN(queries))]),
                      .city = str_c(asked_cities[below(ARRAY_LEN(asked_cities))]),
                      .limit = 1 + below(40)}};
        if (round % 7 == 0) /* a change of rating, of name, and one that goes or comes back */
            ask(f->db,
                "UPDATE catalogue_salon SET rating_hundredths = %u, active = %s, name_en = '%s' "
                "WHERE "
                "id = (SELECT id FROM catalogue_salon ORDER BY (id * 7919 + %d) %% 1009 LIMIT 1)",
                below(6) * 100, below(4) ? "true" : "false", pieces[below(ARRAY_LEN(pieces))],
                round);
        for (int page = 0; page < 3; page++) {
            CHECK_INT(act(f, act_search, NULL, &search), OK);
            if (!search.same)
                test_fail(t, __FILE__, __LINE__, "round %d, page %d: '%.*s' in '%.*s'", round, page,
                          STR_FMT(search.query.q), STR_FMT(search.query.city));
            in_memory += search.in_memory;
            found += search.page.len > 0;
            if (!search.page.more)
                break;
        }
    }
    CHECK(in_memory > 400 && found > 200);
    fixture_end(f);
}

/* ---- slots and bookings agree ------------------------------------------------------------------ */

/* The next day in `tz` whose midnight has another offset than the day after; a year ahead at most. */
static struct date next_clock_change(const struct tz *tz)
{
    int64_t now = clock_system.wall(&clock_system).us;
    for (int64_t day = now / 86400000000 + 3; day < now / 86400000000 + 360; day++)
        if (tz_offset_at(tz, (struct instant){day * 86400000000}) !=
            tz_offset_at(tz, (struct instant){(day + 1) * 86400000000}))
            return (struct date){(int32_t)day};
    return (struct date){(int32_t)(now / 86400000000 + 30)};
}

/* Odd hours: two intervals a day, an evening past midnight, windows that touch, time off and extra,
 * buffers; around a clock change. */
static void make_odd(struct fixture *f, const char *zone, struct date first, int grid)
{
    long long begin = (long long)first.days * 86400;
    ask(f->db,
        "UPDATE catalogue_salon SET timezone = '%s', grid_minutes = %d, horizon_days = 366, "
        "notice_minutes = 0 WHERE id = %lld",
        zone, grid, (long long)f->salon);
    ask(f->db,
        "UPDATE catalogue_service SET duration_minutes = 50, buffer_before_minutes = 10, "
        "buffer_after_minutes = 5 WHERE id = %lld",
        (long long)f->service);
    ask(f->db, "DELETE FROM catalogue_opening WHERE salon_id = %lld", (long long)f->salon);
    ask(f->db,
        "INSERT INTO catalogue_opening (salon_id, weekday, opens_minute, closes_minute) "
        "SELECT %lld, d, i[1], i[2] FROM generate_series(0, 6) d, (VALUES (ARRAY[0, 240]), "
        "(ARRAY[615, 780]), (ARRAY[960, 1530])) v (i)",
        (long long)f->salon);
    ask(f->db, "DELETE FROM catalogue_staff_window WHERE staff_id = %lld", (long long)f->staff[0]);
    ask(f->db,
        "INSERT INTO catalogue_staff_window (staff_id, weekday, starts_minute, ends_minute) "
        "SELECT %lld, d, i[1], i[2] FROM generate_series(0, 6) d, (VALUES (ARRAY[30, 150]), "
        "(ARRAY[150, 700]), (ARRAY[1000, 1500])) v (i)",
        (long long)f->staff[0]);
    ask(f->db,
        "INSERT INTO catalogue_staff_exception (staff_id, kind, starts_at, ends_at) VALUES "
        "(%lld, 'extra', to_timestamp(%lld), to_timestamp(%lld)), "
        "(%lld, 'off', to_timestamp(%lld), to_timestamp(%lld))",
        (long long)f->staff[0], begin + 11 * 3600, begin + 14 * 3600, (long long)f->staff[0],
        begin + 3600, begin + 5400);
}

/* Could each of the two members be booked at these instants? One digit for each instant, of one bit each
 * member; nothing is kept. One statement, since thousands of round trips took a minute. */
static const char *bookable(const struct fixture *f, int64_t from, int64_t until)
{
    ask(f->db,
        "CREATE OR REPLACE FUNCTION pg_temp.could(p_staff bigint, p_at timestamptz) RETURNS "
        "integer "
        "LANGUAGE plpgsql AS $$ DECLARE why text; BEGIN BEGIN "
        "SELECT refused INTO why FROM bookings_decide(0, 0, 600, '{%lld}', '{%lld}', '{0}', "
        "'{\"\"}', '{test}', '{\"\"}', '{\"\"}', '{\"\"}', '{1}', '{%lld}', ARRAY[p_staff], "
        "ARRAY[p_at]); RAISE EXCEPTION USING ERRCODE = 'UNDO0'; "
        "EXCEPTION WHEN SQLSTATE 'UNDO0' THEN NULL; END; RETURN (why IS NULL)::integer; END $$",
        (long long)f->customer, (long long)f->salon, (long long)f->service);
    return ask(f->db,
               "SELECT string_agg((pg_temp.could(%lld, to_timestamp(t)) + "
               "2 * pg_temp.could(%lld, to_timestamp(t)))::text, '' ORDER BY t) "
               "FROM generate_series(%lld, %lld, 300) AS t",
               (long long)f->staff[0], (long long)f->staff[1], (long long)from, (long long)until);
}

/* Every fifth minute from the first slot to the last, on the grid and off it: -1, or the first
 * instant about which the slots and the bookings differ. */
static int64_t first_disagreement(const struct fixture *f, const struct slots *slots)
{
    size_t next = 0;
    const char *bits = bookable(f, slots->starts_s[0], slots->starts_s[slots->len - 1]);
    for (int64_t at = slots->starts_s[0]; next < slots->len; at += 300, bits++) {
        bool offered = slots->starts_s[next] == at;
        uint64_t free = offered ? slots->free[next * slots->words] : 0;
        if ((uint64_t)(*bits - '0') != free || slots->starts_s[next] < at)
            return at;
        next += offered;
    }
    return *bits == 0 ? -1 : 0;
}

static void make_bookings(const struct fixture *f, const char *zone, struct date first)
{
    /* Two that stay, a hold that stands, and one that has run out without anybody's writing it down. */
    static const char *const bookings[][4] = {{"0", "1020", "confirmed", "NULL"},
                                              {"1", "1100", "pending", "NULL"},
                                              {"0", "300", "held", "now() + interval '1 h'"},
                                              {"1", "420", "held", "now() - interval '1 s'"}};
    for (size_t i = 0; i < ARRAY_LEN(bookings); i++)
        ask(f->db,
            "INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, "
            "ends_at, claimed, status, hold_expires_at, price_amount, currency, "
            "cancel_cutoff_minutes, late_cancel_fee_amount, no_show_fee_amount, deposit_amount, "
            "room_id) SELECT %lld, %lld, %lld, %lld, at, at + interval '50 min', tstzrange(at - "
            "interval '10 min', at + interval '55 min'), '%s', %s, 1, 'SAR', 0, 0, 0, 0, (SELECT "
            "min(id) FROM catalogue_room WHERE salon_id = %lld) FROM local_instant(to_timestamp("
            "%lld)::date + %s, %s, '%s') AS at",
            (long long)f->salon, (long long)f->service, (long long)f->staff[i % 2],
            (long long)f->customer, bookings[i][2], bookings[i][3], (long long)f->salon,
            (long long)first.days * 86400, bookings[i][0], bookings[i][1], zone);
}

struct asked {
    struct slots_query query;
    struct slots answer;
};

static int64_t compare(struct fixture *f, struct asked *asked);

/* The comparison runs in the fiber: the answer lives as long as its arena. */
static void act_compare(struct ctx *c, struct fixture *f)
{
    struct asked *asked = f->out;
    f->err = catalogue_slots(c, &f->store, &asked->query, &asked->answer);
    if (f->err == OK)
        *(int64_t *)(uintptr_t)f->in = compare(f, asked);
}

static int64_t compare(struct fixture *f, struct asked *asked)
{
    if (asked->answer.len <= 20 || asked->answer.staff_len != 2)
        return -2;
    return first_disagreement(f, &asked->answer);
}

TEST(what_is_offered_can_be_booked_and_nothing_else)
{
    static const char *const zones[] = {
        "Asia/Riyadh",         "Europe/London",    "America/New_York",
        "Australia/Lord_Howe", "America/Santiago", "Europe/Berlin",
        "Africa/Cairo",        "Asia/Beirut",      "Pacific/Kiritimati"};
    for (size_t z = 0; z < ARRAY_LEN(zones); z++)
        for (int rooms = 0; rooms <= 2; rooms++) {
            struct fixture *f = fixture_begin(seconds(1));
            struct date first = next_clock_change(tz_find(str_c(zones[z])));
            make_odd(f, zones[z], first, z % 2 ? 20 : 30);
            for (int room = 0; room < rooms; room++)
                ask(f->db,
                    "WITH r AS (INSERT INTO catalogue_room (salon_id, name_ar, name_en) VALUES "
                    "(%lld, 'غ', 'R') RETURNING id) INSERT INTO catalogue_service_room SELECT "
                    "%lld, "
                    "id FROM r",
                    (long long)f->salon, (long long)f->service);
            make_bookings(f, zones[z], first);
            struct asked asked = {
                .query = {.salon = f->salon, .service = f->service, .from = first, .days = 2}};
            int64_t wrong = -3;
            CHECK_INT(act(f, act_compare, &wrong, &asked), OK);
            if (wrong != -1)
                test_fail(t, __FILE__, __LINE__, "%s, %d rooms: %lld", zones[z], rooms,
                          (long long)wrong);
            fixture_end(f);
        }
}

/* One random write: a booking made, moved (to the other member too), cancelled, a hold that runs out. */
static void random_write(struct fixture *f, PGconn *db)
{
    int64_t a = f->staff[below(2)], b = f->staff[below(2)];
    unsigned day = 2 + below(3), minute = 600 + below(8) * 60;
    switch (below(4)) {
    case 0:
    case 1:
        ask(db,
            "INSERT INTO bookings_booking (salon_id, service_id, staff_id, customer_id, starts_at, "
            "ends_at, claimed, status, hold_expires_at, price_amount, currency, "
            "cancel_cutoff_minutes, late_cancel_fee_amount, no_show_fee_amount, deposit_amount) "
            "SELECT %lld, %lld, %lld, %lld, at, at + interval '1 h', tstzrange(at, at + interval "
            "'1 h'), '%s', clock_timestamp() + interval '30 ms', 1, 'SAR', 0, 0, 0, 0 FROM "
            "local_instant(current_date + %u, %u, 'Asia/Riyadh') AS at",
            (long long)f->salon, (long long)f->service, (long long)a, (long long)f->customer,
            below(3) ? "confirmed" : "held", day, minute);
        break;
    case 2:
        ask(db,
            "UPDATE bookings_booking SET staff_id = %lld, starts_at = starts_at + interval '1 h', "
            "ends_at = ends_at + interval '1 h', claimed = tstzrange(lower(claimed) + interval '1 "
            "h', "
            "upper(claimed) + interval '1 h') WHERE id = (SELECT id FROM bookings_booking WHERE "
            "staff_id = %lld AND status = 'confirmed' ORDER BY random() LIMIT 1)",
            (long long)b, (long long)a);
        break;
    default:
        ask(db,
            "UPDATE bookings_booking SET status = 'cancelled' WHERE id = (SELECT id FROM "
            "bookings_booking WHERE staff_id = %lld ORDER BY random() LIMIT 1)",
            (long long)a);
    }
}

TEST(claims_known_by_heart_are_never_old)
{
    struct fixture *f = fixture_begin(seconds(1));
    PGconn *slow = sql_session();
    struct slots_query query = {.salon = f->salon, .service = f->service, .days = 7};
    query.from.days = (int32_t)(clock_system.wall(&clock_system).us / 86400000000 + 1);
    ask(slow, "SET lock_timeout = '50 ms'");
    ask(f->db, "SET lock_timeout = '50 ms'");
    bool open = false;
    for (int round = 0; round < 400; round++) {
        if (below(3) == 0) { /* a transaction that stays open over many others */
            ask(slow, open ? "COMMIT" : "BEGIN");
            open = !open;
        }
        random_write(f, open && below(2) ? slow : f->db);
        /* Between the two questions a hold may have run out: then they are asked once more. */
        if (act(f, act_both_ways, NULL, &query) != OK)
            CHECK_INT(act(f, act_both_ways, NULL, &query), OK);
    }
    CHECK(ask_int(f->db, "SELECT count(*) FROM bookings_booking WHERE former_staff IS NOT NULL") >
          5);
    CHECK(f->cache.claims.lru.len == 2);
    PQfinish(slow);
    fixture_end(f);
}

static void act_slots(struct ctx *c, struct fixture *f)
{
    struct asked *asked = f->out;
    f->err = catalogue_slots(c, &f->store, &asked->query, &asked->answer);
}

TEST(a_refusal_is_never_older_than_its_request)
{
    struct fixture *f = fixture_begin(seconds(1));
    f->cache.options.look_every = seconds(3600);
    struct asked asked = {
        .query = {.salon = f->salon, .service = f->service, .from = {20500}, .days = 2}};
    CHECK_INT(act(f, act_slots, NULL, &asked), OK);
    int64_t staff = add_member(f);
    asked.query.staff = staff;
    CHECK_INT(act(f, act_slots, NULL, &asked), OK);
    ask(f->db, "DELETE FROM catalogue_staff_service WHERE staff_id = %lld", (long long)staff);
    CHECK_INT(act(f, act_catch_up, NULL, NULL), OK);
    CHECK_INT(act(f, act_slots, NULL, &asked), ERR_INVALID);
    asked.query.staff = 999999999;
    CHECK_INT(act(f, act_slots, NULL, &asked), ERR_INVALID);
    fixture_end(f);
}
