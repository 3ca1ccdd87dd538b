/* Exchanges on a carrier that is not HTTP/1: many streams at once, windows instead of a paused socket, resets.
 * What HTTP/2 needs of the seam (server/http/carrier.h) is tested here before it exists. */
#include "tests/sim/http_fixture.h"

enum { STREAMS_MAX = 64, STREAM_BYTES = 1 << 20 };

struct fake_stream {
    struct carrier carrier;
    struct exchange *exchange; /* NULL: over, or abandoned */
    int status;
    struct strbuf fields;
    char *body;
    size_t body_len;
    int64_t body_promised;
    size_t held; /* "unsent": what the test lets the client not take */
    size_t granted, asked;
    bool ended, whole;
};
static struct fake_stream streams[STREAMS_MAX];

static struct fake_stream *stream_of(const struct carrier *carrier)
{
    return container_of(carrier, struct fake_stream, carrier);
}

static void add_body(struct fake_stream *stream, struct str bytes)
{
    assert(!stream->ended && stream->body_len + bytes.len <= STREAM_BYTES);
    if (bytes.len)
        memcpy(stream->body + stream->body_len, bytes.ptr, bytes.len);
    stream->body_len += bytes.len;
}

static size_t fake_head(struct carrier *carrier, const struct answer_head *head, struct str body)
{
    struct fake_stream *stream = stream_of(carrier);
    assert(!stream->status);
    stream->status = head->status;
    stream->body_promised = head->body_bytes;
    stream->fields = strbuf_new(&http.arena, 512);
    for (size_t i = 0; i < head->fields_len; i++)
        strbuf_addf(&stream->fields, "%.*s: %.*s\n", STR_FMT(head->fields[i].name),
                    STR_FMT(head->fields[i].value));
    add_body(stream, body);
    return body.len;
}

static void fake_body(struct carrier *carrier, struct str bytes)
{
    struct fake_stream *stream = stream_of(carrier);
    assert(stream->status);
    add_body(stream, bytes);
    stream->held += bytes.len;
}

static size_t fake_unsent(const struct carrier *carrier)
{
    return stream_of(carrier)->held;
}

static void fake_body_wanted(struct carrier *carrier, size_t room)
{
    stream_of(carrier)->granted += room;
    stream_of(carrier)->asked++;
}

static void fake_ended(struct carrier *carrier, bool whole)
{
    struct fake_stream *stream = stream_of(carrier);
    assert(stream->exchange && !stream->ended);
    stream->exchange = NULL;
    stream->ended = true;
    stream->whole = whole;
}

static const struct carrier_ops fake_ops = {.head = fake_head,
                                            .body = fake_body,
                                            .unsent = fake_unsent,
                                            .body_wanted = fake_body_wanted,
                                            .ended = fake_ended};

/* A request without its body. */
static struct fake_stream *ask(int at, enum http_method method, const char *path, const char *query)
{
    struct fake_stream *stream = &streams[at];
    const struct client client = {.server = http.server,
                                  .listen = &http.listener.listen,
                                  .address = STR("192.0.2.7"),
                                  .secure = true};
    static char bodies[STREAMS_MAX][STREAM_BYTES];
    *stream = (struct fake_stream){.carrier.ops = &fake_ops, .body = bodies[at]};
    stream->exchange = stream->carrier.exchange = exchange_new(&client);
    stream->exchange->carrier = &stream->carrier;
    const struct request_head head = {.method = method, .path = str_c(path), .query = str_c(query)};
    exchange_read_head(stream->exchange, &head);
    return stream;
}

static void run(struct fake_stream *stream)
{
    exchange_body_end(stream->exchange);
    exchange_start(stream->exchange);
}

static bool has(const struct fake_stream *stream, const char *field)
{
    return str_find(strbuf_str(&stream->fields), str_c(field)) >= 0;
}

TEST(an_answer_is_fields_and_a_body)
{
    http_begin(NULL, NULL);
    struct fake_stream *stream = ask(0, HTTP_GET, "/quick/", "");
    run(stream);
    CHECK(stream->ended && stream->whole);
    CHECK_INT(stream->status, 200);
    CHECK_STR(str_of(stream->body, stream->body_len), STR("{\"ip\":\"192.0.2.7\"}"));
    CHECK_INT(stream->body_promised, (int64_t)stream->body_len);
    CHECK(has(stream, "Content-Type: application/json; charset=utf-8\n"));
    CHECK(has(stream, "Cache-Control: no-store\n"));
    CHECK(has(stream, "Strict-Transport-Security: max-age=31536000\n"));
    CHECK(has(stream, "X-Request-Id: "));
    /* What is the connection's own business is none of the exchange's. */
    CHECK(!has(stream, "Connection") && !has(stream, "Content-Length") && !has(stream, "Date"));
    http_end();
}

TEST(streams_end_in_any_order)
{
    http_begin(NULL, NULL);
    for (int i = 0; i < 20; i++) {
        char *query = (char *)arena_push(&http.arena, 32);
        snprintf(query, 32, "ms=%d&n=%d", 1000 - 10 * i, i);
        run(ask(i, HTTP_GET, "/slow/", query));
    }
    CHECK(!streams[0].ended && !streams[19].ended);
    sim_run(http.loop, seconds(2));
    for (int i = 0; i < 20; i++) {
        CHECK(streams[i].ended && streams[i].whole);
        CHECK_INT(streams[i].status, 204);
        CHECK_INT(streams[i].body_promised, ANSWER_HAS_NO_BODY);
        CHECK_INT(seen.order[i], 19 - i);
    }
    http_end();
}

TEST(a_head_request_is_told_the_length_and_gets_no_body)
{
    http_begin(NULL, NULL);
    struct fake_stream *stream = ask(0, HTTP_HEAD, "/big/", "bytes=5000");
    run(stream);
    CHECK(stream->ended && stream->whole);
    CHECK_INT(stream->body_promised, 5000);
    CHECK_INT(stream->body_len, 0);
    http_end();
}

TEST(a_body_comes_without_its_framing)
{
    http_begin(NULL, NULL);
    struct fake_stream *stream = ask(0, HTTP_POST, "/echo/", "");
    exchange_expect_body(stream->exchange, BODY_BYTES_UNKNOWN);
    exchange_body(stream->exchange, STR("hello"));
    exchange_body(stream->exchange, STR(", world"));
    run(stream);
    CHECK_STR(str_of(seen.last_body, seen.last_body_len), STR("hello, world"));
    CHECK_INT(stream->status, 201);
    http_end();
}

TEST(a_body_that_is_announced_too_large_is_refused)
{
    http_begin(NULL, NULL);
    struct fake_stream *stream = ask(0, HTTP_POST, "/echo/", "");
    exchange_expect_body(stream->exchange, 65537);
    CHECK_INT(stream->exchange->refused, R_BODY_TOO_LARGE);
    exchange_refuse(stream->exchange, stream->exchange->refused);
    CHECK_INT(stream->status, 413);
    CHECK(stream->ended && stream->whole && seen.runs == 0);
    http_end();
}

/* Sends up to `bytes` of a streamed body as windows allow. -> bytes sent so far */
static uint64_t feed(struct fake_stream *stream, uint64_t sent, uint64_t bytes)
{
    char piece[7000];
    for (size_t room;
         stream->exchange && sent < bytes && (room = exchange_body_room(stream->exchange)) > 0;) {
        size_t n = (size_t)MIN(MIN((uint64_t)room, bytes - sent), (uint64_t)sizeof(piece));
        for (size_t i = 0; i < n; i++)
            piece[i] = stream_byte(sent++);
        exchange_body(stream->exchange, str_of(piece, n));
    }
    return sent;
}

TEST(a_streamed_body_is_bounded_by_its_window)
{
    http_begin(NULL, NULL);
    struct fake_stream *stream = ask(0, HTTP_POST, "/upload/", "ms=5");
    exchange_expect_body(stream->exchange, BODY_BYTES_UNKNOWN);
    exchange_start(stream->exchange);
    CHECK_INT(stream->asked, 1); /* it wants the first byte; no room is given back yet */
    CHECK_INT(stream->granted, 0);
    uint64_t sent = feed(stream, 0, 1 << 20);
    CHECK(sent > 0 && sent <= 2 * HTTP_STREAM_CHUNK);
    for (int i = 0; i < 1000 && sent < 1 << 20; i++) {
        sim_run(http.loop, milliseconds(10));
        sent = feed(stream, sent, 1 << 20);
        CHECK(sent <= stream->granted + 2 * HTTP_STREAM_CHUNK);
    }
    exchange_body_end(stream->exchange);
    sim_run(http.loop, seconds(1));
    CHECK(stream->ended && stream->whole);
    CHECK_INT(stream->status, 201);
    CHECK_INT(seen.streamed, 1 << 20);
    CHECK_INT(seen.stream_sum, 0);
    http_end();
}

TEST(an_answer_waits_until_its_client_takes_it)
{
    http_begin(NULL, NULL);
    struct fake_stream *stream = ask(0, HTTP_GET, "/download/", "bytes=500000");
    run(stream);
    sim_run(http.loop, seconds(1));
    CHECK(!stream->ended);
    CHECK(stream->body_len > 0 && stream->body_len <= HTTP_OUTPUT_PENDING_MAX + 1000);
    while (!stream->ended) {
        stream->held = 0;
        exchange_stream_news(stream->exchange);
        sim_run(http.loop, milliseconds(10));
    }
    CHECK(stream->whole);
    CHECK_INT(stream->body_len, 500000);
    CHECK_INT(stream->body_promised, 500000);
    http_end();
}

TEST(an_answer_that_stops_short_is_told_so)
{
    http_begin(NULL, NULL);
    struct fake_stream *stream = ask(0, HTTP_GET, "/download/", "bytes=5000&cut=3000");
    run(stream);
    sim_run(http.loop, seconds(1));
    CHECK(stream->ended && !stream->whole);
    CHECK_INT(stream->body_len, 3000);
    http_end();
}

TEST(a_reset_stream_is_cancelled_or_goes_on_alone)
{
    http_begin(NULL, NULL);
    struct fake_stream *lost = ask(0, HTTP_GET, "/slow/", "ms=500&n=1");
    struct fake_stream *safe = ask(1, HTTP_POST, "/finish/", "ms=500&n=2");
    struct fake_stream *half = ask(2, HTTP_POST, "/echo/", "");
    struct fake_stream *kept = ask(3, HTTP_GET, "/slow/", "ms=500&n=3");
    exchange_expect_body(half->exchange, 100);
    run(lost);
    run(safe);
    run(kept);
    exchange_abandon(lost->exchange);
    exchange_abandon(safe->exchange);
    exchange_abandon(half->exchange); /* its body never came: nothing ran */
    sim_run(http.loop, seconds(2));
    CHECK_INT(seen.canceled, 1);
    CHECK_INT(seen.finished, 2);
    CHECK(!lost->ended && !safe->ended && !half->ended); /* nothing is said to whom is gone */
    CHECK(kept->ended && kept->status == 204);
    http_end();
}
