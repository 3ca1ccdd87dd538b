#include "tests/sim/http_fixture.h"

#include "server/http/middleware.h"

struct http_sim http;
struct seen seen;

static enum err quick(struct ctx *c, struct request *req, struct response *res)
{
    struct json_writer w = respond_json(c, res, 200);
    seen.runs++;
    json_object_begin(&w, NULL);
    json_put_str(&w, "ip", req->client_ip);
    json_object_end(&w);
    return OK;
}

/* Sleeps ?ms= and notes ?n= when it is done. */
static enum err slow(struct ctx *c, struct request *req, struct response *res)
{
    int64_t ms, n;
    TRY(query_int(c, req, STR("ms"), 0, 1000000, 100, &ms));
    TRY(query_int(c, req, STR("n"), 0, 511, 0, &n));
    seen.runs++;
    enum err err = fiber_sleep(c, milliseconds(ms));
    if (err == ERR_CANCELED)
        seen.canceled++;
    TRY(err);
    seen.order[seen.finished++] = (int)n;
    return respond_no_content(res);
}

static enum err echo(struct ctx *c, struct request *req, struct response *res)
{
    seen.runs++;
    seen.last_body_len = req->body.len;
    memcpy(seen.last_body, req->body.ptr, req->body.len);
    struct json_writer w = respond_json(c, res, 201);
    json_put_int(&w, NULL, (int64_t)req->body.len);
    return OK;
}

static enum err big(struct ctx *c, struct request *req, struct response *res)
{
    int64_t bytes;
    TRY(query_int(c, req, STR("bytes"), 0, 4 << 20, 100000, &bytes));
    seen.runs++;
    res->status = 200;
    res->body = strbuf_new(c->arena, (size_t)bytes);
    memset(strbuf_reserve(&res->body, (size_t)bytes), 'b', (size_t)bytes);
    res->body.len = (size_t)bytes;
    return OK;
}

static enum err broken(struct ctx *c, struct request *req, struct response *res)
{
    (void)c, (void)req, (void)res;
    return ERR_INTERNAL;
}

/* Takes ?ms= per chunk and answers how many bytes came; ?enough= answers before the end. */
static enum err upload(struct ctx *c, struct request *req, struct response *res)
{
    int64_t ms, enough;
    TRY(query_int(c, req, STR("ms"), 0, 1000000, 0, &ms));
    TRY(query_int(c, req, STR("enough"), 0, INT64_MAX, INT64_MAX, &enough));
    seen.runs++;
    struct str chunk = STR("");
    while ((int64_t)seen.streamed < enough) {
        seen.stream_err = request_body_next(c, req, &chunk);
        TRY(seen.stream_err);
        if (chunk.len == 0)
            break;
        if (ms)
            TRY(fiber_sleep(c, milliseconds(ms)));
        for (size_t i = 0; i < chunk.len; i++, seen.streamed++)
            seen.stream_sum += chunk.ptr[i] != stream_byte(seen.streamed);
        seen.chunk_max = MAX(seen.chunk_max, chunk.len);
    }
    seen.finished++;
    struct json_writer w = respond_json(c, res, 201);
    json_put_int(&w, NULL, (int64_t)seen.streamed);
    return OK;
}

/* Promises ?bytes= and writes them, or only ?cut= of them. */
static enum err download(struct ctx *c, struct request *req, struct response *res)
{
    int64_t bytes, cut;
    TRY(query_int(c, req, STR("bytes"), 0, 64 << 20, 100000, &bytes));
    TRY(query_int(c, req, STR("cut"), 0, INT64_MAX, INT64_MAX, &cut));
    seen.runs++;
    res->content_type = STR("image/png");
    TRY(response_begin(c, req, (uint64_t)bytes));
    char chunk[1000];
    for (int64_t at = 0; at < MIN(bytes, cut) && req->method != HTTP_HEAD;) {
        size_t n = (size_t)MIN((int64_t)sizeof(chunk), MIN(bytes, cut) - at);
        for (size_t i = 0; i < n; i++)
            chunk[i] = stream_byte((uint64_t)at++);
        seen.stream_err = response_write(c, req, str_of(chunk, n));
        TRY(seen.stream_err);
        seen.streamed += n;
    }
    seen.finished++;
    return OK;
}

static const struct route table[] = {
    {HTTP_GET, "/quick/", quick, ROUTE_PUBLIC, CLASS_PROBE},
    {HTTP_GET, "/slow/", slow, ROUTE_PUBLIC, CLASS_BOOKING},
    {HTTP_GET, "/search/", slow, ROUTE_PUBLIC, CLASS_SEARCH},
    {HTTP_POST, "/finish/", slow, ROUTE_FINISH, CLASS_BOOKING},
    {HTTP_POST, "/echo/", echo, ROUTE_PUBLIC, CLASS_BOOKING},
    {HTTP_GET, "/big/", big, ROUTE_PUBLIC, CLASS_PROBE},
    {HTTP_POST, "/upload/", upload, ROUTE_STREAM, CLASS_BOOKING},
    {HTTP_POST, "/upload/safe/", upload, ROUTE_STREAM | ROUTE_FINISH, CLASS_BOOKING},
    {HTTP_POST, "/upload/user/", upload, ROUTE_STREAM | ROUTE_USER, CLASS_BOOKING},
    {HTTP_GET, "/download/", download, ROUTE_STREAM, CLASS_PROBE},
    {HTTP_GET, "/broken/", broken, ROUTE_PUBLIC, CLASS_PROBE},
};

struct http_options http_defaults(void)
{
    return (struct http_options){.head_bytes_max = 16384,
                                 .body_bytes_max = 65536,
                                 .stream_bytes_max = 8 << 20,
                                 .stream_timeout = seconds(120),
                                 .conns_max = 10000,
                                 .conns_per_address_max = 10000,
                                 .requests_max = 64,
                                 .idle_timeout = seconds(75),
                                 .head_timeout = seconds(10),
                                 .body_timeout = seconds(30),
                                 .write_timeout = seconds(30),
                                 .request_timeout = seconds(10)};
}

void http_begin(const struct sim_options *sim, const struct http_options *options)
{
    struct sim_options plain_sim = {.seed = 1};
    struct http_options plain = http_defaults();
    struct loop_options loop_options = {.fibers_max = 64,
                                        .stack_bytes = 65536,
                                        .arena_block_bytes = 4096,
                                        .slice = milliseconds(1)};
    http = (struct http_sim){0};
    seen = (struct seen){0};
    http.loop = loop_new(io_sim_new(sim ? sim : &plain_sim), &loop_options);
    http.sim = io_sim_of(loop_io(http.loop));
    arena_pool_init(&http.arenas, 65536, 0);
    arena_begin(&http.arena, &http.arenas);
    http.server = http_server_new(http.loop, &http.arena, options ? options : &plain);
    struct http_listen listen = {.router = router_new(&http.arena, table, ARRAY_LEN(table)),
                                 .metrics = http_metrics_new(&http.arena, ARRAY_LEN(table))};
    bool parsed = io_addr_parse(STR("127.0.0.1:80"), &http.addr);
    int fd = io_listen(loop_io(http.loop), &http.addr, 1024);
    assert(parsed && fd >= 0);
    listener_begin(&http.listener, http.server, fd, &listen);
    sim_settle(http.loop);
}

static void on_drained(struct http_server *server)
{
    (void)server;
    http.drained = true;
}

void http_end(void)
{
    if (!http.server->draining)
        http_server_drain(http.server, on_drained);
    http_server_abort(http.server);
    sim_run(http.loop, seconds(2000));
    assert(http.server->conns_len == 0 && http.server->requests_live == 0);
    assert(http.server->requests_running == 0);
    assert(sim_counts(http.sim).fds_open == 0);
    assert(sim_counts(http.sim).buffers_out == 0);
    assert(sim_counts(http.sim).ops_pending == 0);
    http_server_free(http.server);
    arena_end(&http.arena);
    arena_pool_fini(&http.arenas);
    loop_free(http.loop);
}

struct sim_peer *http_connect(void)
{
    struct sim_peer *peer = sim_connect(http.sim, &http.addr);
    assert(peer);
    return peer;
}

/* The length that one answer's head announces. */
static size_t content_length(struct str head)
{
    uint64_t length = 0;
    ptrdiff_t at = str_find(head, STR("Content-Length: "));
    struct str rest = str_skip(head, (size_t)at + 16), digits;
    if (at < 0 || !str_split(&rest, '\r', &digits) || !str_to_uint64(digits, &length))
        return 0;
    return length;
}

int http_answers(struct sim_peer *peer, int *last)
{
    struct str rest = sim_received(peer);
    int n = 0;
    for (;;) {
        ptrdiff_t end = str_find(rest, STR("\r\n\r\n"));
        if (end < 0)
            return n;
        struct str head = str_take(rest, (size_t)end + 2);
        size_t body = content_length(head);
        if (!str_starts(head, STR("HTTP/1.1 ")) || rest.len < (size_t)end + 4 + body)
            return n;
        uint64_t status = 0;
        (void)str_to_uint64(str_take(str_skip(head, 9), 3), &status);
        if (last)
            *last = (int)status;
        rest = str_skip(rest, (size_t)end + 4 + body);
        n++;
    }
}

bool http_says(struct sim_peer *peer, const char *text)
{
    return str_find(sim_received(peer), str_c(text)) >= 0;
}
