/* runtime/pg_target.c - see pg_target.h.
 *
 * "postgresql://u@db1,db2:6432/m?target_session_attrs=read-write" becomes the list of places
 *     host=db1 hostaddr=10.0.0.1 port=5432
 *     host=db1 hostaddr=fd00::1  port=5432      one per address of a name
 *     host=db2 hostaddr=10.0.0.2 port=6432
 * which libpq walks in order; the host's name stays, for the certificate and the logs. */
#include "runtime/pg_target.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"

enum {
    HOSTS_MAX = 16,
    PLACES_MAX = 32, /* addresses of all hosts together */
    HOST_LEN_MAX = 255,
    PORT_LEN_MAX = 7,
    LIST_LEN_MAX = PLACES_MAX * (HOST_LEN_MAX + 1),
    KEYWORDS_MAX = 64,
    OPTIONS_LEN_MAX = 1024,
    FRESH_S = 10, /* a look-up is good for so long: a fail-over may move a name */
    IDLE_IN_TRANSACTION_MS = 10000,
    RESOLVER_STACK_BYTES = 256 * 1024,
};

struct place {
    char host[HOST_LEN_MAX + 1];
    char addr[INET6_ADDRSTRLEN]; /* "": a unix socket's directory, or still to be looked up */
    char port[PORT_LEN_MAX + 1];
    bool name;
};
struct places {
    struct place items[PLACES_MAX];
    uint32_t len;
};

/* Shared with the thread until both have let go of it. */
struct lookup {
    pthread_mutex_t lock;
    struct pg_target *target; /* NULL: abandoned */
    struct loop *loop;
    struct task task;
    struct places asked, found;
};

struct pg_target {
    struct loop *loop;
    void (*resolved)(void *arg, bool ok);
    void *arg;
    PQconninfoOption *url; /* NULL: it could not be parsed */
    struct places asked;   /* as in the URL; none: libpq's own default */
    struct places known;
    bool names;
    struct tick fresh_until;
    uint32_t first;
    struct lookup *lookup;
    char options[OPTIONS_LEN_MAX];
    char application_name[64];
    char hosts[LIST_LEN_MAX], addrs[LIST_LEN_MAX], ports[PLACES_MAX * (PORT_LEN_MAX + 1)];
};

/* ---- the URL --------------------------------------------------------------------------------- */

static struct str url_value(const PQconninfoOption *url, const char *keyword)
{
    for (; url && url->keyword; url++)
        if (strcmp(url->keyword, keyword) == 0)
            return str_c(url->val);
    return STR("");
}

static bool copy_to(char *out, size_t out_len, struct str s)
{
    if (s.len >= out_len)
        return false;
    memcpy(out, s.ptr, s.len);
    out[s.len] = '\0';
    return true;
}

static bool is_address(const char *host)
{
    struct in6_addr addr;
    return inet_pton(AF_INET, host, &addr) == 1 || inet_pton(AF_INET6, host, &addr) == 1;
}

static bool place_parse(struct place *place, struct str host, struct str port)
{
    if (!copy_to(place->host, sizeof(place->host), host) ||
        !copy_to(place->port, sizeof(place->port), port))
        return false;
    if (strcmp(place->host, "localhost") == 0)
        return copy_to(place->addr, sizeof(place->addr), STR("127.0.0.1"));
    if (host.len == 0 || host.ptr[0] == '/' || host.ptr[0] == '@')
        return true;
    if (is_address(place->host))
        return copy_to(place->addr, sizeof(place->addr), host);
    place->name = true;
    return true;
}

/* With a host list, the port list is as long, or one port serves all. */
static bool places_parse(struct places *places, struct str hosts, struct str ports)
{
    bool one_port = str_find_char(ports, ',') < 0;
    struct str host, port = ports;
    for (struct str rest = hosts; str_split(&rest, ',', &host);) {
        if (places->len == HOSTS_MAX)
            return false;
        if (!one_port && !str_split(&ports, ',', &port))
            port = STR("");
        if (!place_parse(&places->items[places->len++], host, port))
            return false;
    }
    return true;
}

/* PGHOST and its like count too: without them in our hands libpq would look the name up itself. */
static struct str default_value(PQconninfoOption *defaults, const PQconninfoOption *url,
                                const char *keyword)
{
    struct str given = url_value(url, keyword);
    return given.len ? given : url_value(defaults, keyword);
}

static bool target_parse(struct pg_target *target, const char *url)
{
    char *why = NULL;
    target->url = PQconninfoParse(url, &why);
    PQfreemem(why); /* not logged: it may quote the password */
    if (!target->url)
        return false;
    PQconninfoOption *defaults = PQconndefaults();
    bool ok = true;
    if (url_value(target->url, "hostaddr").len == 0 && url_value(defaults, "hostaddr").len == 0)
        ok = places_parse(&target->asked, default_value(defaults, target->url, "host"),
                          default_value(defaults, target->url, "port"));
    PQconninfoFree(defaults);
    for (uint32_t i = 0; i < target->asked.len; i++)
        target->names |= target->asked.items[i].name;
    return ok;
}

/* They travel in the start-up message, so they cost no round trip. Ours come last and win. */
static bool write_options(struct pg_target *target, const struct pg_options *options)
{
    struct str given = url_value(target->url, "options");
    int len = snprintf(target->options, sizeof(target->options),
                       "%.*s -c statement_timeout=%u -c lock_timeout=%u "
                       "-c idle_in_transaction_session_timeout=%u -c timezone=UTC",
                       (int)MIN(given.len, (size_t)OPTIONS_LEN_MAX), given.len ? given.ptr : "",
                       options->statement_timeout_ms, options->lock_timeout_ms,
                       (unsigned)IDLE_IN_TRANSACTION_MS);
    return len < OPTIONS_LEN_MAX;
}

struct pg_target *pg_target_new(struct loop *loop, const struct pg_options *options,
                                void (*resolved)(void *arg, bool ok), void *arg)
{
    struct pg_target *target = calloc(1, sizeof(*target));
    if (!target)
        base_die(__FILE__, __LINE__, "out of memory");
    target->loop = loop;
    target->resolved = resolved;
    target->arg = arg;
    copy_to(target->application_name, sizeof(target->application_name),
            str_take(str_c(options->application_name), sizeof(target->application_name) - 1));
    if (!target_parse(target, options->url) || !write_options(target, options)) {
        log_event(LOG_ERROR, "pg_url_invalid", "the database URL cannot be used");
        PQconninfoFree(target->url);
        target->url = NULL;
        return target;
    }
    target->known = target->asked;
    return target;
}

void pg_target_free(struct pg_target *target)
{
    if (!target)
        return;
    if (target->lookup) {
        pthread_mutex_lock(&target->lookup->lock);
        target->lookup->target = NULL; /* whoever comes last frees it */
        pthread_mutex_unlock(&target->lookup->lock);
    }
    PQconninfoFree(target->url);
    free(target);
}

/* ---- looking names up ------------------------------------------------------------------------ */

static void places_add(struct places *places, const struct place *place, const char *addr)
{
    if (places->len == PLACES_MAX)
        return;
    struct place *added = &places->items[places->len++];
    *added = *place;
    copy_to(added->addr, sizeof(added->addr), str_c(addr));
}

static void lookup_name(struct places *found, const struct place *asked)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
    if (getaddrinfo(asked->host, NULL, &hints, &list) != 0)
        return;
    for (const struct addrinfo *one = list; one; one = one->ai_next) {
        char text[INET6_ADDRSTRLEN];
        const void *addr = one->ai_family == AF_INET6
                               ? (const void *)&((struct sockaddr_in6 *)one->ai_addr)->sin6_addr
                               : (const void *)&((struct sockaddr_in *)one->ai_addr)->sin_addr;
        if (inet_ntop(one->ai_family, addr, text, sizeof(text)))
            places_add(found, asked, text);
    }
    freeaddrinfo(list);
}

static void lookup_free(struct lookup *lookup)
{
    pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

static void *lookup_thread(void *arg)
{
    struct lookup *lookup = arg;
    for (uint32_t i = 0; i < lookup->asked.len; i++) {
        const struct place *asked = &lookup->asked.items[i];
        if (asked->name)
            lookup_name(&lookup->found, asked);
        else
            places_add(&lookup->found, asked, asked->addr);
    }
    /* The loop outlives the target, and the target cannot go while we hold the lock. */
    pthread_mutex_lock(&lookup->lock);
    bool abandoned = !lookup->target;
    if (!abandoned)
        loop_post(lookup->loop, &lookup->task);
    pthread_mutex_unlock(&lookup->lock);
    if (abandoned)
        lookup_free(lookup);
    return NULL;
}

/* On the loop. The lock makes sure that the thread has let go. */
static void lookup_over(struct task *task)
{
    struct lookup *lookup = container_of(task, struct lookup, task);
    pthread_mutex_lock(&lookup->lock);
    struct pg_target *target = lookup->target;
    pthread_mutex_unlock(&lookup->lock);
    bool ok = lookup->found.len > 0;
    if (target) {
        target->lookup = NULL;
        if (ok) {
            target->known = lookup->found;
            target->fresh_until = tick_add(loop_now(target->loop), seconds(FRESH_S));
        }
        target->resolved(target->arg, ok);
    }
    lookup_free(lookup);
}

void pg_target_resolve(struct pg_target *target)
{
    if (target->lookup)
        return;
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        base_die(__FILE__, __LINE__, "out of memory");
    pthread_mutex_init(&lookup->lock, NULL);
    lookup->target = target;
    lookup->loop = target->loop;
    lookup->task.run = lookup_over;
    lookup->asked = target->asked;
    target->lookup = lookup;
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, RESOLVER_STACK_BYTES);
    if (pthread_create(&thread, &attr, lookup_thread, lookup) != 0)
        loop_soon(target->loop, &lookup->task); /* nothing was found */
    pthread_attr_destroy(&attr);
}

bool pg_target_ready(const struct pg_target *target)
{
    return !target->names || loop_now(target->loop).ns < target->fresh_until.ns;
}

/* ---- connecting ------------------------------------------------------------------------------ */

void pg_target_rotate(struct pg_target *target)
{
    target->first++;
}

static void list_add(char *list, size_t list_len, bool first, const char *item)
{
    size_t len = strlen(list);
    snprintf(list + len, list_len - len, "%s%s", first ? "" : ",", item);
}

static void write_lists(struct pg_target *target)
{
    target->hosts[0] = target->addrs[0] = target->ports[0] = '\0';
    for (uint32_t i = 0; i < target->known.len; i++) {
        uint32_t at = (target->first + i) % target->known.len;
        const struct place *place = &target->known.items[at];
        list_add(target->hosts, sizeof(target->hosts), i == 0, place->host);
        list_add(target->addrs, sizeof(target->addrs), i == 0, place->addr);
        list_add(target->ports, sizeof(target->ports), i == 0, place->port);
    }
}

struct settings {
    const char *keywords[KEYWORDS_MAX + 1], *values[KEYWORDS_MAX + 1];
    uint32_t len;
};

/* The last value of a keyword counts. */
static void set(struct settings *settings, const char *keyword, const char *value)
{
    assert(settings->len < KEYWORDS_MAX);
    settings->keywords[settings->len] = keyword;
    settings->values[settings->len++] = value;
}

PGconn *pg_target_connect(struct pg_target *target)
{
    if (!target->url)
        return NULL;
    struct settings settings = {.len = 0};
    /* Looking for Kerberos tickets reads files and asks the network. */
    set(&settings, "gssencmode", "disable");
    /* A server that vanished without a word is noticed in seconds, not in hours. */
    set(&settings, "keepalives_idle", "15");
    set(&settings, "keepalives_interval", "5");
    set(&settings, "keepalives_count", "3");
    set(&settings, "tcp_user_timeout", "20000");
    for (const PQconninfoOption *given = target->url; given->keyword; given++)
        if (given->val)
            set(&settings, given->keyword, given->val);
    if (target->known.len > 0) {
        write_lists(target);
        set(&settings, "host", target->hosts);
        set(&settings, "hostaddr", target->addrs);
        set(&settings, "port", target->ports);
    }
    set(&settings, "options", target->options);
    set(&settings, "client_encoding", "UTF8");
    set(&settings, "fallback_application_name", target->application_name);
    return PQconnectStartParams(settings.keywords, settings.values, 0);
}
