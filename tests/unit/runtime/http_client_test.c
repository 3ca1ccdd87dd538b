/* The HTTP client against a partner of its own that misbehaves on request (fake_partner.py). */
#include "runtime/http_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "runtime/breaker.h"
#include "tests/unit/runtime/real_loop.h"

/* ---- the partner ----------------------------------------------------------------------------- */

static pid_t partner_pids[2];
static char tls_dir[] = "/tmp/mawid-http-test.XXXXXX";

static void partners_end(void)
{
    for (size_t i = 0; i < ARRAY_LEN(partner_pids); i++)
        if (partner_pids[i] > 0)
            kill(partner_pids[i], SIGKILL);
    const char *argv[] = {"/bin/rm", "-rf", tls_dir, NULL};
    if (partner_pids[1])
        child_run(argv, NULL, 0);
}

static int partner_start(size_t i, const char *cert, const char *key)
{
    char script[1024], port[16] = "";
    snprintf(script, sizeof(script), "%.900s/tests/unit/runtime/fake_partner.py", checkout());
    const char *argv[] = {"/usr/bin/python3", script, cert, key, NULL};
    int out;
    if (!partner_pids[0] && !partner_pids[1])
        atexit(partners_end);
    partner_pids[i] = child_start(argv, &out);
    if (read(out, port, sizeof(port) - 1) <= 0)
        base_die(__FILE__, __LINE__, "the fake partner does not start");
    close(out);
    int64_t number = 0;
    if (!str_to_int64(str_trim(str_take(str_c(port), strcspn(port, "\n"))), &number))
        base_die(__FILE__, __LINE__, "the fake partner prints no port");
    return (int)number;
}

static int plain_port(void)
{
    static int port;
    if (!port)
        port = partner_start(0, NULL, NULL);
    return port;
}

static char ca_file[256];

static bool openssl(const char *script)
{
    char command[1024];
    snprintf(command, sizeof(command), "cd %s && %s", tls_dir, script);
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    return child_run(argv, NULL, 0);
}

/* A certificate for 127.0.0.1 alone, by an authority that nobody else trusts. */
static int tls_port(void)
{
    static int port;
    if (port)
        return port;
    char cert[256], key[256];
    bool made =
        mkdtemp(tls_dir) &&
        openssl("exec 2>&1; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem "
                "-subj /CN=test-ca -days 2") &&
        openssl("exec 2>&1; openssl req -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj "
                "/CN=partner && printf 'subjectAltName=IP:127.0.0.1' >san && openssl x509 "
                "-req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
                "-extfile san -out cert.pem");
    if (!made)
        base_die(__FILE__, __LINE__, "openssl cannot make certificates");
    snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", tls_dir);
    snprintf(cert, sizeof(cert), "%s/cert.pem", tls_dir);
    snprintf(key, sizeof(key), "%s/key.pem", tls_dir);
    port = partner_start(1, cert, key);
    return port;
}

/* ---- fixture --------------------------------------------------------------------------------- */

struct fixture {
    struct real real;
    struct http_client *client;
    struct partner *partner;
};

static struct partner_options options_default(void)
{
    return (struct partner_options){.name = "fake",
                                    .timeout = seconds(10),
                                    .connect_timeout = seconds(5),
                                    .conns_max = 4,
                                    .queue_max = 1000,
                                    .answer_bytes_max = 100000,
                                    .breaker_failures = 1000,
                                    .breaker_open = seconds(1)};
}

static void fixture_begin(struct fixture *f, const char *scheme_host, int port,
                          const struct partner_options *options)
{
    char base_url[128];
    snprintf(base_url, sizeof(base_url), "%s:%d", scheme_host, port);
    struct partner_options copy = *options;
    copy.base_url = str_c(base_url);
    *f = (struct fixture){.real = real_begin()};
    f->client = http_client_new(f->real.loop);
    f->partner = partner_new(f->client, &copy);
}

static void plain_begin(struct fixture *f, const struct partner_options *options)
{
    fixture_begin(f, "http://127.0.0.1", plain_port(), options);
}

static void fixture_end(struct fixture *f)
{
    http_client_free(f->client);
    real_finish(&f->real, 5000);
    real_end(&f->real);
}

enum { BODY_KEPT = 400 };
struct call {
    struct job job;
    struct fixture *f;
    struct http_call what;
    int64_t within_ms;
    bool judge_by_status;
    enum err err;
    struct http_answer answer; /* its views are gone; see body */
    char body[BODY_KEPT], type[64];
};

static void call_main(struct ctx *c, void *arg)
{
    struct call *call = arg;
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, milliseconds(call->within_ms));
    call->err = http_fetch(c, call->f->partner, &call->what, &call->answer);
    snprintf(call->body, sizeof(call->body), "%.*s", STR_FMT(call->answer.body));
    snprintf(call->type, sizeof(call->type), "%.*s", STR_FMT(call->answer.content_type));
    if (call->judge_by_status && call->err == OK)
        partner_judge(call->f->partner, call->answer.status < 500);
}

static void call_start(struct fixture *f, struct call *call, const char *method, const char *path)
{
    call->f = f;
    call->what.method = str_c(method);
    call->what.path = str_c(path);
    if (!call->within_ms)
        call->within_ms = 30000;
    job_start(&f->real, &call->job, call_main, call);
}

static enum err fetch(struct fixture *f, struct call *call, const char *method, const char *path)
{
    call_start(f, call, method, path);
    if (!real_finish(&f->real, 40000))
        base_die(__FILE__, __LINE__, "a call was never answered");
    return call->err;
}

struct counts {
    int connections, requests, posts;
};

static struct counts counts(struct fixture *f)
{
    struct call call = {0};
    struct counts found = {0};
    if (fetch(f, &call, "GET", "/counts") == OK)
        sscanf(call.body, "%d %d %d", &found.connections, &found.requests, &found.posts);
    return found;
}

/* ---- calls that go well ---------------------------------------------------------------------- */

TEST(an_answer_comes_with_status_type_and_body)
{
    struct fixture f;
    struct call call = {0};
    struct partner_options options = options_default();
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &call, "GET", "/ok"), OK);
    CHECK_INT(call.answer.status, 200);
    CHECK_STR(str_c(call.body), STR("{\"ok\":true}"));
    CHECK_STR(str_c(call.type), STR("application/json"));
    CHECK_INT(call.answer.retry_after_s, 0);
    CHECK_INT(partner_stats(f.partner)->calls, 1);
    CHECK_INT(partner_stats(f.partner)->inflight, 0);
    CHECK(partner_stats(f.partner)->latency_us_sum > 0);
    fixture_end(&f);
}

TEST(headers_and_body_arrive_as_given)
{
    struct fixture f;
    struct http_header headers[] = {{STR("X-Authorization"), STR("key $1")},
                                    {STR("X-Empty"), STR("")},
                                    {STR("Content-Type"), STR("application/json")}};
    struct call call = {
        .what.headers = headers, .what.headers_len = 3, .what.body = STR("{\"a\":1}")};
    struct partner_options options = options_default();
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &call, "POST", "/echo"), OK);
    struct str told = str_c(call.body);
    CHECK(str_find(told, STR("\"method\": \"POST\"")) > 0);
    CHECK(str_find(told, STR("[\"x-authorization\", \"key $1\"]")) > 0);
    CHECK(str_find(told, STR("[\"x-empty\", \"\"]")) > 0);
    CHECK(str_find(told, STR("[\"content-type\", \"application/json\"]")) > 0);
    CHECK(str_find(told, STR("\"body\": \"{\\\"a\\\":1}\"")) > 0);
    CHECK(str_find(told, STR("[\"user-agent\", \"mawid/")) > 0);
    CHECK(str_find(told, STR("expect")) < 0);
    fixture_end(&f);
}

TEST(nothing_of_a_call_is_left_for_the_next_one)
{
    struct fixture f;
    struct call post = {.what.body = STR("secret")}, put = {.what.body = STR("x")}, plain[3] = {0};
    struct partner_options options = options_default();
    options.conns_max = 1;
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &post, "POST", "/echo"), OK);
    CHECK(str_find(str_c(post.body), STR("x-www-form-urlencoded")) < 0);
    CHECK_INT(fetch(&f, &put, "PUT", "/echo"), OK);
    CHECK(str_find(str_c(put.body), STR("\"method\": \"PUT\"")) > 0);
    static const char *const methods[] = {"DELETE", "HEAD", "GET"};
    for (int i = 0; i < 3; i++)
        CHECK_INT(fetch(&f, &plain[i], methods[i], i == 1 ? "/ok" : "/echo"), OK);
    CHECK(str_find(str_c(plain[0].body), STR("\"method\": \"DELETE\"")) > 0);
    CHECK_STR(str_c(plain[1].body), STR(""));
    CHECK(str_find(str_c(plain[2].body), STR("\"method\": \"GET\"")) > 0);
    CHECK(str_find(str_c(plain[2].body), STR("\"body\": \"\"")) > 0);
    fixture_end(&f);
}

TEST(a_connection_is_used_again)
{
    struct fixture f;
    struct partner_options options = options_default();
    plain_begin(&f, &options);
    struct counts before = counts(&f);
    for (int i = 0; i < 5; i++) {
        struct call call = {0};
        CHECK_INT(fetch(&f, &call, "GET", "/ok"), OK);
    }
    struct counts after = counts(&f);
    CHECK_INT(after.requests - before.requests, 6);
    CHECK_INT(after.connections, before.connections);
    fixture_end(&f);
}

TEST(a_redirect_is_not_followed)
{
    struct fixture f;
    struct call call = {0};
    struct partner_options options = options_default();
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &call, "GET", "/redirect"), OK);
    CHECK_INT(call.answer.status, 302);
    fixture_end(&f);
}

TEST(retry_after_is_read)
{
    struct fixture f;
    struct call call = {0};
    struct partner_options options = options_default();
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &call, "GET", "/busy"), OK);
    CHECK_INT(call.answer.status, 503);
    CHECK_INT(call.answer.retry_after_s, 7);
    fixture_end(&f);
}

TEST(the_proxy_of_the_environment_is_not_asked)
{
    struct fixture f;
    struct call call = {0};
    struct partner_options options = options_default();
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    plain_begin(&f, &options);
    enum err err = fetch(&f, &call, "GET", "/ok");
    unsetenv("http_proxy");
    CHECK_INT(err, OK);
    fixture_end(&f);
}

/* ---- calls that do not ----------------------------------------------------------------------- */

/* A port that refuses: bound, and not listening. */
static int refusing_port(int *fd)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(*fd, (struct sockaddr *)&addr, len);
    getsockname(*fd, (struct sockaddr *)&addr, &len);
    return ntohs(addr.sin_port);
}

TEST(a_refused_connection_means_not_done)
{
    struct fixture f;
    struct call call = {0};
    struct partner_options options = options_default();
    int fd;
    fixture_begin(&f, "http://127.0.0.1", refusing_port(&fd), &options);
    CHECK_INT(fetch(&f, &call, "POST", "/ok"), ERR_UNAVAILABLE);
    CHECK_INT(partner_stats(f.partner)->failures, 1);
    close(fd);
    fixture_end(&f);
}

TEST(a_name_that_is_not_found_means_not_done)
{
    struct fixture f;
    struct call call = {.within_ms = 3000};
    struct partner_options options = options_default();
    fixture_begin(&f, "http://partner.invalid", 80, &options);
    CHECK_INT(fetch(&f, &call, "POST", "/ok"), ERR_UNAVAILABLE);
    fixture_end(&f);
}

TEST(no_answer_in_time_means_unknown)
{
    struct fixture f;
    struct call by_partner = {0}, by_ctx = {.within_ms = 60};
    struct partner_options options = options_default();
    options.timeout = milliseconds(60);
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &by_partner, "POST", "/hang"), ERR_TIMEOUT);
    fixture_end(&f);
    options.timeout = seconds(30);
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &by_ctx, "POST", "/hang"), ERR_TIMEOUT);
    CHECK_INT(partner_stats(f.partner)->failures, 1);
    CHECK_INT(partner_stats(f.partner)->inflight, 0);
    fixture_end(&f);
}

TEST(an_answer_cut_short_or_no_http_means_unknown)
{
    static const char *const paths[] = {"/half", "/garbage", "/drop", "/longhead"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct fixture f;
        struct call call = {0};
        struct partner_options options = options_default();
        plain_begin(&f, &options);
        CHECK_INT(fetch(&f, &call, "POST", paths[i]), ERR_TIMEOUT);
        fixture_end(&f);
    }
}

TEST(an_answer_over_its_cap_means_unknown)
{
    struct fixture f;
    struct call fits = {0}, big = {0}, endless = {0}, next = {0};
    struct partner_options options = options_default();
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &fits, "GET", "/big?100000"), OK);
    CHECK_INT(fits.answer.body.len, 100000);
    CHECK_INT(fetch(&f, &big, "GET", "/big?100001"), ERR_TIMEOUT);
    CHECK_INT(fetch(&f, &endless, "GET", "/endless"), ERR_TIMEOUT);
    CHECK_INT(fetch(&f, &next, "GET", "/ok"), OK);
    fixture_end(&f);
}

/* The failure follows a success on the same easy handle: what was sent then is not counted now. */
TEST(sent_is_judged_for_each_call_alone)
{
    struct fixture f;
    struct call good = {0}, late = {.within_ms = 20};
    struct partner_options options = options_default();
    options.conns_max = 1;
    plain_begin(&f, &options);
    CHECK_INT(fetch(&f, &good, "POST", "/ok"), OK);
    struct call busy = {.within_ms = 200};
    call_start(&f, &busy, "POST", "/hang");
    CHECK_INT(fetch(&f, &late, "POST", "/ok"), ERR_UNAVAILABLE); /* never left the queue */
    CHECK_INT(busy.err, ERR_TIMEOUT);
    fixture_end(&f);
}

TEST(a_post_is_not_repeated_on_a_dead_connection)
{
    struct fixture f;
    struct call first = {0}, post = {0}, again = {0}, get = {0};
    struct partner_options options = options_default();
    options.conns_max = 1;
    plain_begin(&f, &options);
    struct counts before = counts(&f);
    CHECK_INT(fetch(&f, &first, "GET", "/stale"), OK);
    CHECK_INT(fetch(&f, &post, "POST", "/ok"), ERR_TIMEOUT);
    CHECK_INT(fetch(&f, &again, "GET", "/stale"), OK);
    CHECK_INT(fetch(&f, &get, "GET", "/ok"), OK); /* harmless to repeat */
    CHECK_INT(counts(&f).posts - before.posts, 1);
    fixture_end(&f);
}

TEST(what_could_smuggle_a_header_is_refused_here)
{
    static const struct http_header bad[] = {
        {STR("X-A"), STR("b\r\nX-C: d")}, {STR("X-A"), STR("b\0c")}, {STR("X A"), STR("b")},
        {STR("X-A:"), STR("b")},          {STR(""), STR("b")},       {STR("X-A"), STR("b\n")}};
    struct fixture f;
    struct partner_options options = options_default();
    plain_begin(&f, &options);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct call call = {.what.headers = &bad[i], .what.headers_len = 1};
        CHECK_INT(fetch(&f, &call, "GET", "/ok"), ERR_INTERNAL);
    }
    static const char *const paths[] = {"ok", "/a b", "/a\r\nX: y", ""};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct call call = {0};
        CHECK_INT(fetch(&f, &call, "GET", paths[i]), ERR_INTERNAL);
    }
    struct call call = {0};
    CHECK_INT(fetch(&f, &call, "GET /x", "/ok"), ERR_INTERNAL);
    CHECK_INT(partner_stats(f.partner)->calls, 0);
    fixture_end(&f);
}

/* ---- many at once ---------------------------------------------------------------------------- */

enum { MANY = 200 };
static struct call many[MANY];

struct ticker {
    int ticks;
    bool stop;
};

static void ticker_main(struct ctx *c, void *arg)
{
    struct ticker *ticker = arg;
    while (!ticker->stop && fiber_sleep(c, milliseconds(1)) == OK)
        ticker->ticks++;
}

TEST(two_hundred_slow_calls_do_not_slow_the_loop)
{
    struct fixture f;
    struct ticker ticker = {0};
    struct job job;
    struct partner_options options = options_default();
    options.conns_max = MANY;
    plain_begin(&f, &options);
    memset(many, 0, sizeof(many));
    for (int i = 0; i < MANY; i++)
        call_start(&f, &many[i], "GET", "/slow?600");
    job_start(&f.real, &job, ticker_main, &ticker);
    while (f.real.live > 1)
        loop_turn(f.real.loop, TICK_NEVER);
    ticker.stop = true;
    CHECK(real_finish(&f.real, 5000));
    for (int i = 0; i < MANY; i++)
        CHECK_INT(many[i].err, OK);
    CHECK(ticker.ticks >= 200); /* of the 600 that an idle loop has time for */
    fixture_end(&f);
}

TEST(few_calls_begin_in_one_turn)
{
    struct fixture f;
    struct partner_options options = options_default();
    options.conns_max = MANY;
    plain_begin(&f, &options);
    memset(many, 0, sizeof(many));
    for (int i = 0; i < 50; i++)
        call_start(&f, &many[i], "GET", "/slow?50");
    CHECK_INT(partner_stats(f.partner)->inflight, 8);
    CHECK_INT(partner_stats(f.partner)->queued, 42);
    CHECK(real_finish(&f.real, 10000));
    for (int i = 0; i < 50; i++)
        CHECK_INT(many[i].err, OK);
    fixture_end(&f);
}

TEST(calls_over_the_connection_cap_wait_in_line_and_then_are_refused)
{
    struct fixture f;
    static struct call calls[6];
    struct partner_options options = options_default();
    options.conns_max = 2;
    options.queue_max = 3;
    plain_begin(&f, &options);
    struct counts before = counts(&f);
    for (int i = 0; i < 6; i++)
        call_start(&f, &calls[i], "GET", "/slow?30");
    CHECK_INT(calls[5].err, ERR_UNAVAILABLE); /* before any turn */
    CHECK_INT(partner_stats(f.partner)->refused_full, 1);
    CHECK(real_finish(&f.real, 10000));
    for (int i = 0; i < 5; i++)
        CHECK_INT(calls[i].err, OK);
    CHECK(counts(&f).connections - before.connections <= 1);
    fixture_end(&f);
}

TEST(a_slow_partner_delays_only_its_own_callers)
{
    struct fixture f;
    struct call slow[3] = {{.within_ms = 3000}, {.within_ms = 3000}, {.within_ms = 3000}},
                quick = {0};
    struct partner_options options = options_default();
    options.conns_max = 1;
    plain_begin(&f, &options);
    struct partner *hung = f.partner;
    char base_url[64];
    snprintf(base_url, sizeof(base_url), "http://127.0.0.1:%d", plain_port());
    options.base_url = str_c(base_url);
    for (int i = 0; i < 3; i++)
        call_start(&f, &slow[i], "GET", "/hang");
    f.partner = partner_new(f.client, &options);
    call_start(&f, &quick, "GET", "/ok");
    while (quick.job.c)
        loop_turn(f.real.loop, TICK_NEVER);
    CHECK_INT(quick.err, OK);
    CHECK_INT(partner_stats(hung)->inflight, 1);
    CHECK_INT(partner_stats(hung)->queued, 2);
    fixture_end(&f);
    CHECK_INT(slow[0].err, ERR_CANCELED); /* the client was freed under them */
    CHECK_INT(slow[2].err, ERR_CANCELED);
}

TEST(a_cancelled_call_leaves_at_once_and_makes_room)
{
    struct fixture f;
    struct call hung = {0}, next = {0};
    struct partner_options options = options_default();
    options.conns_max = 1;
    plain_begin(&f, &options);
    call_start(&f, &hung, "GET", "/hang");
    call_start(&f, &next, "GET", "/ok");
    real_turn_until(&f.real, NULL, 50);
    CHECK_INT(partner_stats(f.partner)->queued, 1);
    ctx_cancel(hung.job.c);
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(hung.err, ERR_CANCELED);
    CHECK_INT(next.err, OK);
    CHECK_INT(partner_stats(f.partner)->failures, 0);
    fixture_end(&f);
}

/* ---- the breaker ----------------------------------------------------------------------------- */

TEST(failures_in_a_row_open_the_breaker_and_a_good_trial_closes_it)
{
    struct fixture f;
    struct partner_options options = options_default();
    options.breaker_failures = 3;
    options.breaker_open = milliseconds(100);
    plain_begin(&f, &options);
    for (int i = 0; i < 3; i++) {
        struct call call = {.judge_by_status = true};
        CHECK_INT(fetch(&f, &call, "GET", i == 1 ? "/drop" : "/sick"), i == 1 ? ERR_TIMEOUT : OK);
    }
    struct counts unseen = {0};
    struct call refused = {0};
    CHECK_INT(fetch(&f, &refused, "GET", "/ok"), ERR_UNAVAILABLE);
    CHECK_INT(partner_stats(f.partner)->refused_open, 1);
    CHECK_INT(partner_stats(f.partner)->breaker_open, 1);
    CHECK_INT(counts(&f).requests, unseen.requests); /* refused as well */
    real_turn_until(&f.real, NULL, 120);
    struct call trial = {.judge_by_status = true}, second = {0}, after = {0};
    call_start(&f, &trial, "GET", "/slow?30");
    CHECK_INT(fetch(&f, &second, "GET", "/ok"), ERR_UNAVAILABLE); /* one trial at a time */
    CHECK_INT(trial.err, OK);
    CHECK_INT(partner_stats(f.partner)->breaker_open, 0);
    CHECK_INT(fetch(&f, &after, "GET", "/ok"), OK);
    fixture_end(&f);
}

TEST(an_opening_breaker_frees_the_line)
{
    struct fixture f;
    struct call calls[4] = {0};
    struct partner_options options = options_default();
    options.conns_max = 1;
    options.breaker_failures = 1;
    options.breaker_open = seconds(30);
    plain_begin(&f, &options);
    for (int i = 0; i < 4; i++)
        call_start(&f, &calls[i], "GET", "/drop");
    CHECK(real_finish(&f.real, 5000));
    CHECK_INT(calls[0].err, ERR_TIMEOUT);
    /* The second began when the first one ended, before its verdict. */
    CHECK_INT(calls[2].err, ERR_UNAVAILABLE);
    CHECK_INT(calls[3].err, ERR_UNAVAILABLE);
    CHECK(partner_stats(f.partner)->calls <= 2);
    fixture_end(&f);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

TEST(https_works_with_the_authority_that_signed)
{
    struct fixture f;
    struct call calls[2] = {0};
    struct partner_options options = options_default();
    int port = tls_port();
    options.ca_file = ca_file;
    fixture_begin(&f, "https://127.0.0.1", port, &options);
    CHECK_INT(fetch(&f, &calls[0], "GET", "/big?60000"), OK);
    CHECK_INT(calls[0].answer.body.len, 60000);
    CHECK_INT(fetch(&f, &calls[1], "POST", "/ok"), OK);
    fixture_end(&f);
}

TEST(a_certificate_of_an_unknown_authority_means_not_done)
{
    struct fixture f;
    struct call call = {0};
    struct partner_options options = options_default();
    fixture_begin(&f, "https://127.0.0.1", tls_port(), &options);
    CHECK_INT(fetch(&f, &call, "POST", "/ok"), ERR_UNAVAILABLE);
    fixture_end(&f);
}

TEST(a_certificate_for_another_name_means_not_done)
{
    struct fixture f;
    struct call call = {0};
    struct partner_options options = options_default();
    int port = tls_port();
    options.ca_file = ca_file;
    fixture_begin(&f, "https://localhost", port, &options);
    CHECK_INT(fetch(&f, &call, "POST", "/ok"), ERR_UNAVAILABLE);
    fixture_end(&f);
}

/* ---- HTTP/2 ---------------------------------------------------------------------------------- */

static pid_t nginx_pid;

static void nginx_end(void)
{
    kill(nginx_pid, SIGTERM);
    waitpid(nginx_pid, NULL, 0);
}

/* nginx speaks HTTP/2 in front of the fake partner; it answers /who itself. 0: not installed. */
static int nginx_port(void)
{
    int fd, plain = plain_port();
    tls_port(); /* makes the certificate */
    int port = refusing_port(&fd);
    close(fd);
    char path[512];
    snprintf(path, sizeof(path), "%s/nginx.conf", tls_dir);
    FILE *conf = fopen(path, "we");
    if (!conf || access("/usr/sbin/nginx", X_OK) != 0)
        return 0;
    fprintf(conf,
            "daemon off; master_process off; pid nginx.pid; error_log stderr crit;\n"
            "events { worker_connections 256; }\n"
            "http { access_log off; client_body_temp_path body; proxy_temp_path proxy;\n"
            "fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n"
            "server { listen 127.0.0.1:%d ssl http2;\n"
            "  ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
            "  location = /who { return 200 \"$server_protocol $connection\"; }\n"
            "  location / { proxy_pass http://127.0.0.1:%d; } } }\n",
            port, plain);
    fclose(conf);
    const char *argv[] = {"/usr/sbin/nginx", "-e", "stderr", "-p", tls_dir, "-c", path, NULL};
    nginx_pid = child_start(argv, NULL);
    atexit(nginx_end);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 400; i++) {
        int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool up = connect(probe, (struct sockaddr *)&addr, sizeof(addr)) == 0;
        close(probe);
        if (up)
            return port;
        usleep(10000);
    }
    base_die(__FILE__, __LINE__, "nginx does not listen");
}

TEST(http2_is_taken_where_offered_and_calls_share_its_connection)
{
    struct fixture f;
    static struct call first, calls[4];
    struct call post = {.what.body = STR("x")}, hung = {.within_ms = 100};
    struct partner_options options = options_default();
    int port = nginx_port();
    if (!port)
        return; /* no nginx here */
    options.ca_file = ca_file;
    fixture_begin(&f, "https://127.0.0.1", port, &options);
    CHECK_INT(fetch(&f, &first, "GET", "/who"), OK);
    CHECK(str_starts(str_c(first.body), STR("HTTP/2.0 ")));
    for (int i = 0; i < 4; i++)
        call_start(&f, &calls[i], "GET", "/who");
    CHECK(real_finish(&f.real, 10000));
    for (int i = 0; i < 4; i++)
        CHECK_STR(str_c(calls[i].body), str_c(first.body));
    CHECK_INT(fetch(&f, &post, "POST", "/echo"), OK);
    CHECK(str_find(str_c(post.body), STR("\"body\": \"x\"")) > 0);
    CHECK_INT(fetch(&f, &hung, "POST", "/hang"), ERR_TIMEOUT);
    fixture_end(&f);
}
