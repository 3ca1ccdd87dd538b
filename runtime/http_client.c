/* runtime/http_client.c - see http_client.h. libcurl's multi_socket_action on the loop.
 *
 *     http_fetch --> breaker --> queue of its partner (bounded) --> a transfer in the multi
 *                                                                        |
 *     foreign set: a socket is ready  --\                                v
 *     loop timer: curl's time-out     ---+--> multi_socket_action --> reap --> wait_done, next one
 *
 * 1. curl runs on the loop's stack only (TLS and HTTP/2 need deep frames), and never inside one of
 *    its own callbacks: these note what it wants, nothing else.
 * 2. The multi holds at most conns_max transfers of a partner: it has no queue of its own to grow.
 * 3. Sockets are known by number and forgotten when curl closes them (through us), so it does not
 *    matter that curl may report a removal late or not at all.
 * 4. A request that may not be sent twice is not: curl repeats one by itself when a kept connection
 *    turns out to be dead, and is stopped before the second try. */
#include "runtime/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/counter.h"
#include "runtime/base/log.h"
#include "runtime/breaker.h"
#include "runtime/foreign.h"

enum {
    /* A new connection means a TLS handshake: so many calls begin in a turn, the rest a little later. */
    STARTS_PER_TURN = 8,
    STARTS_AGAIN_MS = 1,
    ANSWER_HEAD_BYTES_MAX = 64 * 1024,
    ANSWER_BYTES_FIRST = 1024,
    METHOD_LEN_MAX = 16,
    IDLE_CONNECTION_S = 55, /* below the usual 60 s of servers: they close first, or we do */
    RETRY_AFTER_S_MAX = 86400,
};

struct http_socket {
    struct foreign_fd watched;
    struct http_client *client;
};

struct http_client {
    struct loop *loop;
    struct foreign *foreign;
    CURLM *multi;
    struct timer timer; /* curl's own */
    struct timer more;  /* begins what did not fit in a turn */
    struct list partners;
    struct http_socket **sockets; /* by descriptor */
    size_t sockets_len;
    uint64_t starts_turn; /* the turn that `starts` counts */
    uint32_t starts;
    long conns_max;
};

struct partner {
    struct list_link link;
    struct http_client *client;
    char *name, *base_url, *ca_file;
    struct partner_options options; /* its pointers are not used: see above */
    struct breaker breaker;
    struct list queue;  /* requests, by their wait's link */
    struct list active; /* transfers in the multi */
    struct list idle;   /* transfers to use again */
    struct partner_stats stats;
};

/* One http_fetch, on its caller's stack. */
struct request {
    struct wait wait;
    struct ctx *c;
    struct partner *partner;
    const struct http_call *call;
    struct http_answer *answer;
    struct transfer *transfer; /* while curl works on it */
    const char *url;
    struct curl_slist *headers; /* made in the arena; curl only reads it */
    struct strbuf body;
    bool begun; /* curl had it */
    bool sent;  /* bytes of it may have reached the partner */
};

struct transfer {
    struct list_link link;
    CURL *easy;
    struct request *request;
    size_t head_bytes;
    uint32_t connections; /* how often it was about to be sent */
};

static void pump_all(struct http_client *client);
static void client_work(struct http_client *client, curl_socket_t fd, int mask);

static void *heap(size_t size)
{
    void *ptr = calloc(1, size);
    if (!ptr)
        base_die(__FILE__, __LINE__, "out of memory");
    return ptr;
}

static char *heap_text(struct str s)
{
    char *text = heap(s.len + 1);
    if (s.len)
        memcpy(text, s.ptr, s.len);
    return text;
}

/* ---- what curl asks of the loop -------------------------------------------------------------- */

static void socket_ready(struct foreign_fd *watched, uint32_t events)
{
    struct http_socket *socket = container_of(watched, struct http_socket, watched);
    int mask = 0;
    if (events & (EPOLLIN | EPOLLHUP))
        mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        mask |= CURL_CSELECT_ERR;
    client_work(socket->client, watched->fd, mask);
}

static struct http_socket *socket_of(struct http_client *client, int fd)
{
    if ((size_t)fd >= client->sockets_len) {
        size_t len = MAX((size_t)fd + 1, client->sockets_len * 2);
        struct http_socket **grown = realloc(client->sockets, len * sizeof(struct http_socket *));
        if (!grown)
            base_die(__FILE__, __LINE__, "out of memory");
        memset(grown + client->sockets_len, 0,
               (len - client->sockets_len) * sizeof(struct http_socket *));
        client->sockets = grown;
        client->sockets_len = len;
    }
    if (!client->sockets[fd]) {
        client->sockets[fd] = heap(sizeof(struct http_socket));
        client->sockets[fd]->client = client;
        client->sockets[fd]->watched.ready = socket_ready;
    }
    return client->sockets[fd];
}

/* CURLMOPT_SOCKETFUNCTION. A socket that cannot be watched leaves its call to the time-out. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *client_, void *unused)
{
    struct http_client *client = client_;
    uint32_t events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EPOLLOUT;
    struct foreign_fd *watched = &socket_of(client, fd)->watched;
    if (!foreign_watch(client->foreign, watched, fd, events))
        log_event(LOG_ERROR, "http_socket_unwatched", "descriptor %d", fd);
    return 0;
}

/* CURLOPT_CLOSESOCKETFUNCTION. */
static int on_close(void *client_, curl_socket_t fd)
{
    struct http_client *client = client_;
    foreign_forget(&socket_of(client, fd)->watched);
    close(fd);
    return 0;
}

/* CURLMOPT_TIMERFUNCTION. */
static int on_timer(CURLM *multi, long ms, void *client_)
{
    struct http_client *client = client_;
    if (ms < 0)
        timer_cancel(&client->timer);
    else
        timer_set(client->loop, &client->timer, tick_add(loop_now(client->loop), milliseconds(ms)));
    return 0;
}

static void timer_over(struct timer *timer)
{
    client_work(container_of(timer, struct http_client, timer), CURL_SOCKET_TIMEOUT, 0);
}

/* ---- what curl hands over -------------------------------------------------------------------- */

/* CURLOPT_HEADERFUNCTION: the answer's head has a cap too. */
static size_t on_header(char *bytes, size_t size, size_t n, void *transfer_)
{
    struct transfer *transfer = transfer_;
    transfer->head_bytes += size * n;
    return transfer->head_bytes <= ANSWER_HEAD_BYTES_MAX ? size * n : 0;
}

/* CURLOPT_WRITEFUNCTION. Taking less than everything ends the transfer. */
static size_t on_body(char *bytes, size_t size, size_t n, void *transfer_)
{
    struct request *request = ((struct transfer *)transfer_)->request;
    size_t len = size * n, cap = request->partner->options.answer_bytes_max;
    assert(request->body.len <= cap);
    if (len > cap - request->body.len)
        return 0;
    if (!request->body.arena)
        request->body = strbuf_new(request->c->arena, MAX(len, (size_t)ANSWER_BYTES_FIRST));
    strbuf_add(&request->body, str_of(bytes, len));
    return len;
}

static bool may_repeat(struct str method)
{
    return !str_eq(method, STR("POST")) && !str_eq(method, STR("PATCH"));
}

/* CURLOPT_PREREQFUNCTION: connected, about to send. */
static int on_sending(void *transfer_, char *ip, char *local_ip, int port, int local_port)
{
    struct transfer *transfer = transfer_;
    if (transfer->connections++ == 0 || may_repeat(transfer->request->call->method))
        return CURL_PREREQFUNC_OK;
    transfer->request->sent = true;
    return CURL_PREREQFUNC_ABORT;
}

/* ---- the request as curl wants it ------------------------------------------------------------ */

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 127 || strchr("\"(),/:;<=>?@[\\]{}", s.ptr[i]))
            return false;
    return s.len > 0;
}

/* A line end in a value would begin a header, or a request, of somebody else's choosing. */
static bool is_header_value(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 127)
            return false;
    return true;
}

static bool is_path(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 127)
            return false;
    return s.len > 0 && s.ptr[0] == '/';
}

static void add_line(struct request *request, struct str line)
{
    struct curl_slist *added = arena_new(request->c->arena, struct curl_slist);
    added->data = (char *)line.ptr;
    added->next = request->headers;
    request->headers = added;
}

/* An empty value is written "name;": "name:" would take a header away. */
static bool add_header(struct request *request, const struct http_header *header)
{
    struct str name = header->name, value = header->value;
    if (!is_token(name) || !is_header_value(value))
        return false;
    struct arena *arena = request->c->arena;
    add_line(request, value.len ? str_printf(arena, "%.*s: %.*s", STR_FMT(name), STR_FMT(value))
                                : str_printf(arena, "%.*s;", STR_FMT(name)));
    return true;
}

static bool has_header(const struct http_call *call, struct str name)
{
    for (size_t i = 0; i < call->headers_len; i++)
        if (str_eq_nocase(call->headers[i].name, name))
            return true;
    return false;
}

/* False: the call is malformed, which is our bug. */
static bool request_write(struct request *request)
{
    const struct http_call *call = request->call;
    if (!is_token(call->method) || call->method.len > METHOD_LEN_MAX || !is_path(call->path))
        return false;
    request->url =
        str_printf(request->c->arena, "%s%.*s", request->partner->base_url, STR_FMT(call->path))
            .ptr;
    for (size_t i = call->headers_len; i-- > 0;)
        if (!add_header(request, &call->headers[i]))
            return false;
    add_line(request, STR("Expect:")); /* no 100-continue: it costs a round trip or a second */
    if (!has_header(call, STR("content-type")))
        add_line(request, STR("Content-Type:")); /* curl would call any body a form */
    return true;
}

/* ---- transfers ------------------------------------------------------------------------------- */

#define SET(easy, option, value)                                            \
    do {                                                                    \
        if (curl_easy_setopt((easy), (option), (value)) != CURLE_OK)        \
            base_die(__FILE__, __LINE__, "libcurl does not know " #option); \
    } while (0)

/* What is the same for all calls of a partner. */
static void easy_configure(CURL *easy, const struct partner *partner, struct transfer *transfer)
{
    SET(easy, CURLOPT_PRIVATE, transfer);
    SET(easy, CURLOPT_HEADERFUNCTION, on_header);
    SET(easy, CURLOPT_HEADERDATA, transfer);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_WRITEDATA, transfer);
    SET(easy, CURLOPT_PREREQFUNCTION, on_sending);
    SET(easy, CURLOPT_PREREQDATA, transfer);
    SET(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(easy, CURLOPT_CLOSESOCKETDATA, partner->client);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_QUICK_EXIT, 1L); /* never join a thread that looks a name up */
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    SET(easy, CURLOPT_USERAGENT, "mawid/" MAWID_VERSION);
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_CONNECTION_S);
    SET(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)partner->options.answer_bytes_max);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)MAX(partner->options.connect_timeout.us / 1000, 1));
    if (partner->ca_file)
        SET(easy, CURLOPT_CAINFO, partner->ca_file);
}

static struct transfer *transfer_take(struct partner *partner)
{
    struct list_link *link = list_take_first(&partner->idle);
    if (link)
        return container_of(link, struct transfer, link);
    struct transfer *transfer = heap(sizeof(*transfer));
    transfer->easy = curl_easy_init();
    if (!transfer->easy)
        base_die(__FILE__, __LINE__, "out of memory");
    easy_configure(transfer->easy, partner, transfer);
    return transfer;
}

static void easy_set_call(CURL *easy, const struct request *request)
{
    const struct http_call *call = request->call;
    bool get = str_eq(call->method, STR("GET")), head = str_eq(call->method, STR("HEAD"));
    bool post = str_eq(call->method, STR("POST"));
    SET(easy, CURLOPT_URL, request->url);
    SET(easy, CURLOPT_HTTPHEADER, request->headers);
    SET(easy, CURLOPT_HTTPGET, 1L); /* undoes the last call's POST or HEAD */
    if (head)
        SET(easy, CURLOPT_NOBODY, 1L);
    if (post || call->body.len > 0) {
        SET(easy, CURLOPT_POST, 1L);
        SET(easy, CURLOPT_POSTFIELDS, call->body.len ? call->body.ptr : "");
        SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
    }
    const char *custom = get || head || post ? NULL : str_to_c(request->c->arena, call->method);
    SET(easy, CURLOPT_CUSTOMREQUEST, custom);
    struct duration left = ctx_left(request->c);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)(left.us / 1000 + 1));
}

/* Gives the transfer back; curl has let go of it. */
static struct request *transfer_release(struct transfer *transfer)
{
    struct request *request = transfer->request;
    struct partner *partner = request->partner;
    assert(request->transfer == transfer && partner->stats.inflight > 0);
    long sent_bytes = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    request->sent |= sent_bytes > 0;
    request->transfer = NULL;
    transfer->request = NULL;
    list_remove(&transfer->link);
    list_push_front(&partner->idle, &transfer->link);
    counter_add(&partner->stats.inflight, -1);
    return request;
}

static struct request *transfer_end(struct transfer *transfer)
{
    curl_multi_remove_handle(transfer->request->partner->client->multi, transfer->easy);
    return transfer_release(transfer);
}

static void request_begin(struct request *request)
{
    struct partner *partner = request->partner;
    assert(!request->transfer && partner->stats.inflight < partner->options.conns_max);
    struct transfer *transfer = transfer_take(partner);
    assert(!transfer->request);
    transfer->request = request;
    transfer->head_bytes = 0;
    transfer->connections = 0;
    request->transfer = transfer;
    request->begun = true;
    list_push_back(&partner->active, &transfer->link);
    counter_add(&partner->stats.inflight, 1);
    counter_add(&partner->stats.calls, 1);
    easy_set_call(transfer->easy, request);
    if (curl_multi_add_handle(partner->client->multi, transfer->easy) != CURLM_OK) {
        transfer_release(transfer);
        wait_done(&request->wait, ERR_UNAVAILABLE);
    }
}

static void read_answer(struct transfer *transfer)
{
    struct request *request = transfer->request;
    struct http_answer *answer = request->answer;
    long status = 0;
    const char *type = NULL;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    answer->status = (int)status;
    answer->content_type = str_copy(request->c->arena, str_c(type));
    answer->retry_after_s = (int32_t)MIN(retry_after_s, (curl_off_t)RETRY_AFTER_S_MAX);
    answer->body = request->body.arena ? strbuf_str(&request->body) : STR("");
}

static void transfer_over(struct transfer *transfer, CURLcode code)
{
    if (code == CURLE_OK)
        read_answer(transfer);
    struct request *request = transfer_end(transfer);
    struct partner *partner = request->partner;
    if (code == CURLE_OK) {
        wait_done(&request->wait, OK);
        return;
    }
    log_event(LOG_WARN, "partner_call_failed", "%s: %s%s", partner->name, curl_easy_strerror(code),
              request->sent ? ", after it was sent" : "");
    wait_done(&request->wait, request->sent ? ERR_TIMEOUT : ERR_UNAVAILABLE);
}

static void client_work(struct http_client *client, curl_socket_t fd, int mask)
{
    int running = 0, left = 0;
    CURLMcode code = curl_multi_socket_action(client->multi, fd, mask, &running);
    if (code != CURLM_OK)
        log_event(LOG_ERROR, "http_client_failed", "%s", curl_multi_strerror(code));
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        assert(transfer && transfer->request);
        if (message->msg == CURLMSG_DONE)
            transfer_over(transfer, message->data.result);
    }
    pump_all(client);
}

/* ---- queue ----------------------------------------------------------------------------------- */

static bool may_start(struct http_client *client)
{
    uint64_t turn = loop_stats(client->loop)->turns;
    if (client->starts_turn != turn) {
        client->starts_turn = turn;
        client->starts = 0;
    }
    if (client->starts < STARTS_PER_TURN)
        return true;
    if (!timer_armed(&client->more))
        timer_set(client->loop, &client->more,
                  tick_add(loop_now(client->loop), milliseconds(STARTS_AGAIN_MS)));
    return false;
}

static bool has_room(const struct partner *partner)
{
    return partner->stats.inflight < partner->options.conns_max;
}

static struct request *queue_take(struct partner *partner)
{
    struct list_link *link = list_take_first(&partner->queue);
    if (!link)
        return NULL;
    assert(partner->stats.queued > 0);
    counter_add(&partner->stats.queued, -1);
    return container_of(container_of(link, struct wait, link), struct request, wait);
}

static void partner_pump(struct partner *partner)
{
    while (has_room(partner) && !list_empty(&partner->queue) && may_start(partner->client)) {
        partner->client->starts++;
        request_begin(queue_take(partner));
    }
}

static void pump_all(struct http_client *client)
{
    struct list_link *end = &client->partners.head;
    for (struct list_link *link = end->next; link != end; link = link->next)
        partner_pump(container_of(link, struct partner, link));
}

static void more_over(struct timer *timer)
{
    pump_all(container_of(timer, struct http_client, more));
}

static void answer_queue(struct partner *partner, enum err err)
{
    struct request *request;
    while ((request = queue_take(partner)))
        wait_done(&request->wait, err);
    assert(partner->stats.queued == 0);
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* On the loop's stack, never inside curl. */
static void request_cancel(struct wait *wait)
{
    struct request *request = container_of(wait, struct request, wait);
    struct partner *partner = request->partner;
    if (request->transfer) {
        transfer_end(request->transfer);
    } else {
        list_remove(&wait->link);
        counter_add(&partner->stats.queued, -1);
    }
    wait_done(wait, ERR_TIMEOUT);
    partner_pump(partner);
}

static void request_submit(void *arg)
{
    struct request *request = arg;
    struct partner *partner = request->partner;
    list_push_back(&partner->queue, &request->wait.link);
    counter_add(&partner->stats.queued, 1);
    partner_pump(partner);
}

void partner_judge(struct partner *partner, bool good)
{
    struct tick now = loop_now(partner->client->loop);
    bool was_open = partner->breaker.state == BREAKER_OPEN;
    breaker_judge(&partner->breaker, now, good);
    bool is_open = partner->breaker.state == BREAKER_OPEN;
    counter_set(&partner->stats.breaker_open, is_open);
    if (!is_open || was_open)
        return;
    log_event(LOG_WARN, "partner_breaker_open", "%s", partner->name);
    answer_queue(partner, ERR_UNAVAILABLE); /* they would only wait for the same failure */
}

static bool admit(struct partner *partner)
{
    if (!has_room(partner) && partner->stats.queued >= partner->options.queue_max) {
        counter_add(&partner->stats.refused_full, 1);
        return false;
    }
    if (!breaker_admit(&partner->breaker, loop_now(partner->client->loop))) {
        counter_add(&partner->stats.refused_open, 1);
        return false;
    }
    return true;
}

static enum err request_run(struct request *request)
{
    struct ctx *c = request->c;
    struct partner *partner = request->partner;
    struct tick begun = ctx_mono(c);
    struct ctx_scope scope SCOPED(ctx_restore) = ctx_within(c, partner->options.timeout);
    if (c->canceled)
        return ERR_CANCELED;
    if (ctx_left(c).us == 0 || !admit(partner))
        return ERR_UNAVAILABLE;
    on_loop_stack(request_submit, request);
    enum err err = wait_park(c, &request->wait);
    if (err == ERR_CANCELED) /* the client and its partners may be gone */
        return err;
    if (request->begun) {
        counter_add(&partner->stats.ended, 1);
        counter_add(&partner->stats.latency_us_sum, (int64_t)(ctx_mono(c).ns - begun.ns) / 1000);
    }
    return err == ERR_TIMEOUT && !request->sent ? ERR_UNAVAILABLE : err;
}

enum err http_fetch(struct ctx *c, struct partner *partner, const struct http_call *call,
                    struct http_answer *answer)
{
    *answer = (struct http_answer){0};
    struct request request = {
        .wait.cancel = request_cancel, .c = c, .partner = partner, .call = call, .answer = answer};
    if (!request_write(&request)) {
        log_event(LOG_ERROR, "partner_call_malformed", "%s", partner->name);
        return ERR_INTERNAL;
    }
    enum err err = request_run(&request);
    if (err && err != ERR_CANCELED && request.begun) {
        counter_add(&partner->stats.failures, 1);
        partner_judge(partner, false);
    }
    return err;
}

/* ---- clients and partners -------------------------------------------------------------------- */

static void curl_begin(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        base_die(__FILE__, __LINE__, "libcurl cannot start");
}

struct http_client *http_client_new(struct loop *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_begin);
    struct http_client *client = heap(sizeof(*client));
    client->loop = loop;
    client->foreign = foreign_of(loop);
    client->timer.fire = timer_over;
    client->more.fire = more_over;
    list_init(&client->partners);
    client->multi = curl_multi_init();
    if (!client->multi)
        base_die(__FILE__, __LINE__, "out of memory");
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return client;
}

struct partner *partner_new(struct http_client *client, const struct partner_options *options)
{
    assert(options->conns_max > 0 && options->queue_max > 0 && options->breaker_failures > 0);
    assert(options->timeout.us > 0 && options->connect_timeout.us > 0);
    assert(options->base_url.len && !str_ends(options->base_url, STR("/")));
    struct partner *partner = heap(sizeof(*partner));
    partner->client = client;
    partner->options = *options;
    partner->name = heap_text(str_c(options->name));
    partner->base_url = heap_text(options->base_url);
    partner->ca_file = options->ca_file ? heap_text(str_c(options->ca_file)) : NULL;
    partner->breaker = (struct breaker){.failures_max = options->breaker_failures,
                                        .open_for = options->breaker_open};
    list_init(&partner->queue);
    list_init(&partner->active);
    list_init(&partner->idle);
    list_push_back(&client->partners, &partner->link);
    client->conns_max += (long)options->conns_max;
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, client->conns_max);
    return partner;
}

static void partner_free(struct partner *partner)
{
    struct list_link *link;
    answer_queue(partner, ERR_CANCELED);
    while ((link = list_first(&partner->active))) {
        struct request *request = transfer_end(container_of(link, struct transfer, link));
        wait_done(&request->wait, ERR_CANCELED);
    }
    while ((link = list_take_first(&partner->idle))) {
        struct transfer *transfer = container_of(link, struct transfer, link);
        curl_easy_cleanup(transfer->easy);
        free(transfer);
    }
    free(partner->name);
    free(partner->base_url);
    free(partner->ca_file);
    free(partner);
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    struct list_link *link;
    while ((link = list_take_first(&client->partners)))
        partner_free(container_of(link, struct partner, link));
    curl_multi_cleanup(client->multi); /* closes sockets, through on_close */
    timer_cancel(&client->timer);
    timer_cancel(&client->more);
    for (size_t i = 0; i < client->sockets_len; i++) {
        if (client->sockets[i])
            foreign_forget(&client->sockets[i]->watched);
        free(client->sockets[i]);
    }
    free(client->sockets);
    free(client);
}

const struct partner *partner_next(const struct http_client *client, const struct partner *partner)
{
    const struct list_link *end = &client->partners.head;
    const struct list_link *link = partner ? partner->link.next : end->next;
    return link == end ? NULL : container_of(link, const struct partner, link);
}

const struct partner_stats *partner_stats(const struct partner *partner)
{
    return &partner->stats;
}

const char *partner_name(const struct partner *partner)
{
    return partner->name;
}
