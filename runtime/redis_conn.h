/* runtime/redis_conn.h - one connection to Redis, shared by many fibers. Internal to the driver.
 *
 * Waits: redis_conn_call only. */
#pragma once
#include "runtime/redis.h"

struct redis_conn;
struct redis_conn_options {
    uint32_t inflight_max;
    uint32_t reply_bytes_max;
    struct duration silence_max; /* without a byte while replies are due: it is dropped */
    struct redis_stats *stats;
    /* The connection broke; its calls have failed already and it frees itself. */
    void (*lost)(struct redis_conn *conn, void *owner, const char *why);
    void *owner;
};

/* Takes over `fd`, which is connected. */
struct redis_conn *redis_conn_new(struct loop *loop, int fd,
                                  const struct redis_conn_options *options);
/* Says goodbye without `lost`: calls under way end with `result`. It frees itself when its socket
 * has let go. */
void redis_conn_end(struct redis_conn *conn, enum err result);

/* Sends one command and waits for its reply, which may be a REDIS_ERROR.
 *   ERR_UNAVAILABLE        it was never sent
 *   ERR_TIMEOUT, CANCELED  it may have run */
NODISCARD enum err redis_conn_call(struct ctx *c, struct redis_conn *conn, const struct str *words,
                                   size_t words_len, struct redis_reply *out);
