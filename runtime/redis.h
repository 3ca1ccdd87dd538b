/* runtime/redis.h - pipelined Redis over ring sockets, one pool per loop.
 *
 * A call parks its fiber until its own reply is in. The commands of a turn leave in one send;
 * replies are matched by order (why that survives abandoned callers: "Orphaned replies" in
 * redis.c).
 *
 * Threads: a pool belongs to its loop.   Waits: exactly the calls that take a ctx.
 * Owns:    its sockets and buffers. What a call hands back lives in the ctx's arena. */
#pragma once
#include "runtime/loop.h"

struct redis_pool;

/* One .lua file of storage/redis/, embedded at build time; run by SHA, loaded on NOSCRIPT. */
struct redis_script {
    const char *name;
    const char *source;
    const char *sha1; /* 40 hex digits */
};

struct redis_options {
    struct io_addr addr;
    struct str user, password; /* empty: no AUTH */
    uint32_t database;
    uint32_t inflight_max; /* beyond: ERR_UNAVAILABLE at once */
    uint32_t reply_bytes_max;
    struct duration connect_timeout;
};
/* "redis://[[user]:password@]host[:port][/db]" (numeric host or localhost), "unix:///path[?db=n]".
 * Sets addr, user, password and database only; the password stays percent-decoded in the arena.
 * False with one clear line in `*why` otherwise; rediss:// is named as not supported. */
bool redis_options_parse(struct str url, struct arena *arena, struct redis_options *out,
                         struct str *why);

enum redis_type {
    REDIS_NIL,
    REDIS_INTEGER,
    REDIS_STRING,
    REDIS_STATUS,
    REDIS_ARRAY,
    REDIS_ERROR, /* only inside an array: one that is the whole reply is a failure of the call */
};
struct redis_reply {
    enum redis_type type;
    int64_t integer;
    struct str text;
    const struct redis_reply *items; /* of an array */
    size_t len;
};

/* Runs one script.
 *   ERR_UNAVAILABLE        it was never sent, or Redis refused it (-LOADING, -READONLY, -OOM, …)
 *   ERR_TIMEOUT, CANCELED  it may have run; the script must bear being run twice
 *   ERR_INTERNAL           Redis answered with a script error: a bug of ours, logged */
NODISCARD enum err redis_run(struct ctx *c, struct redis_pool *pool,
                             const struct redis_script *script, const struct str *keys,
                             size_t keys_len, const struct str *args, size_t args_len,
                             struct redis_reply *out);
NODISCARD enum err redis_ping(struct ctx *c, struct redis_pool *pool);

struct redis_stats { /* relaxed atomics */
    uint64_t commands, errors, unavailable, unknown, reconnects, up, inflight;
};

/* Connects in the background once there is a first command, so it neither waits nor fails; from then
 * on it keeps a connection ready. Callers wait for a first attempt, not longer: while Redis is known
 * to be down they get ERR_UNAVAILABLE at once. Copies `options`. */
struct redis_pool *redis_pool_new(struct loop *loop, const struct redis_options *options);
/* Callers still waiting get ERR_CANCELED. NULL is fine. The loop turns on until the socket has let
 * go; then nothing of the pool is left. */
void redis_pool_free(struct redis_pool *pool);
const struct redis_stats *redis_pool_stats(const struct redis_pool *pool);
