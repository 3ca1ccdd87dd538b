/* runtime/pg.h - Postgres: prepared statements over a few pipelined connections per loop.
 *
 * Every statement is its own transaction (a Sync follows each), so unrelated requests share a
 * connection safely; what must be atomic is one SQL statement or one SQL function. A statement is
 * prepared the first time a connection carries it. Parameters and results travel in binary.
 *
 * Losing the server: those under way fail as unknown; those not yet sent (or certainly not begun)
 * stay queued for the next connection. Once every connection has tried in vain the pool is down:
 * callers get ERR_UNAVAILABLE at once until one is up. It reconnects by itself, with back-off and
 * jitter (50 ms to 2 s), and never looks a name up on the loop.
 *
 * Threads: a pool belongs to its loop.   Waits: exactly the calls that take a ctx.
 * Owns:    its connections. Rows live in the ctx's arena. */
#pragma once
#include "runtime/loop.h"

struct pg_pool;

/* Every number is above zero. */
struct pg_options {
    const char *url;       /* libpq URI or key=value; several hosts are fine */
    uint32_t conns;        /* per loop */
    uint32_t pipeline_max; /* statements under way on one connection */
    uint32_t queue_max;    /* callers waiting for a place; beyond: ERR_UNAVAILABLE at once */
    uint32_t statement_timeout_ms; /* set on every connection, bounds what a deadline abandons */
    uint32_t lock_timeout_ms;
    uint32_t rows_bytes_max; /* cap on one result; a larger one is ERR_INTERNAL */
    const char *application_name;
};

/* One .sql file of storage/sql/, embedded at build time. `index` is dense over all statements. */
struct pg_statement {
    const char *name;
    const char *sql;
    uint16_t params;
    uint16_t index;
};

/* A parameter in binary format. Views must outlive the call. */
struct pg_arg {
    uint32_t type; /* Oid */
    int32_t len;   /* -1: NULL */
    const void *ptr;
    union {
        uint8_t b;
        uint16_t i2;
        uint32_t i4;
        uint64_t i8;
    } v; /* network order; used when ptr is NULL and len > 0 */
};
struct pg_args {
    const struct pg_arg *items;
    uint32_t len;
};
#define PG_ARGS(...)                                        \
    ((struct pg_args){(const struct pg_arg[]){__VA_ARGS__}, \
                      ARRAY_LEN(((const struct pg_arg[]){__VA_ARGS__}))})
#define PG_NO_ARGS ((struct pg_args){NULL, 0})

struct pg_arg pg_bool(bool v);
struct pg_arg pg_int2(int16_t v);
struct pg_arg pg_int4(int32_t v);
struct pg_arg pg_int8(int64_t v);
struct pg_arg pg_float8(double v);
struct pg_arg pg_text(struct str v);
struct pg_arg pg_text_or_null(struct str v); /* empty view: NULL */
struct pg_arg pg_bytea(struct str v);
struct pg_arg pg_uuid(const struct uuid *v); /* NULL: NULL */
struct pg_arg pg_instant(struct instant v);  /* timestamptz */
struct pg_arg pg_date(struct date v);
struct pg_arg pg_int8_or_null(int64_t v); /* 0: NULL */
struct pg_arg pg_null(void);              /* of the type that the statement infers */
struct pg_arg pg_int8_array(struct arena *arena, const int64_t *items, size_t len);
struct pg_arg pg_instant_array(struct arena *arena, const struct instant *items, size_t len);
struct pg_arg pg_text_array(struct arena *arena, const struct str *items, size_t len);

struct pg_rows {
    uint32_t len, columns;
    const struct pg_cell {
        int32_t len; /* -1: NULL */
        const char *ptr;
    } * cells;             /* row by row */
    int64_t affected;      /* of INSERT, UPDATE, DELETE without RETURNING */
    char sqlstate[6];      /* "" unless the statement itself failed */
    struct str constraint; /* the constraint that refused it, or empty */
};

/* Runs one statement.
 *   ERR_CONFLICT     an integrity constraint refused it (class 23): rows->constraint names it
 *   ERR_UNAVAILABLE  not done: never sent (no server, queue full), or rolled back by the server
 *                    (statement or lock time-out, deadlock, shutting down): trying again is safe
 *   ERR_TIMEOUT      unknown: the deadline passed, or the connection broke, after it was sent
 *   ERR_CANCELED     as ERR_TIMEOUT, because the ctx was cancelled
 *   ERR_INTERNAL     anything else the server refused: a bug of ours, logged with its SQLSTATE */
NODISCARD enum err pg_query(struct ctx *c, struct pg_pool *pool, const struct pg_statement *stmt,
                            struct pg_args args, struct pg_rows *rows);
/* The same with the rows in another arena than the ctx's: for who reads many pages, one after another. */
NODISCARD enum err pg_query_into(struct ctx *c, struct arena *arena, struct pg_pool *pool,
                                 const struct pg_statement *stmt, struct pg_args args,
                                 struct pg_rows *rows);

/* Typed reads of a cell. The column must have that type: a mismatch is our bug and asserts. */
bool pg_is_null(const struct pg_rows *rows, uint32_t row, uint32_t column);
bool pg_get_bool(const struct pg_rows *rows, uint32_t row, uint32_t column);
int32_t pg_get_int4(const struct pg_rows *rows, uint32_t row, uint32_t column); /* int2 too */
int64_t pg_get_int8(const struct pg_rows *rows, uint32_t row, uint32_t column); /* int2, int4 too */
double pg_get_float8(const struct pg_rows *rows, uint32_t row, uint32_t column);
struct str pg_get_text(const struct pg_rows *rows, uint32_t row, uint32_t column); /* NULL: empty */
struct uuid pg_get_uuid(const struct pg_rows *rows, uint32_t row, uint32_t column);
struct instant pg_get_instant(const struct pg_rows *rows, uint32_t row, uint32_t column);
struct date pg_get_date(const struct pg_rows *rows, uint32_t row, uint32_t column);
/* An int8[] without NULLs, copied into the arena. */
size_t pg_get_int8_array(struct arena *arena, const struct pg_rows *rows, uint32_t row,
                         uint32_t column, const int64_t **out);

struct pg_stats { /* relaxed atomics, read from other threads */
    uint64_t statements, errors, unavailable, unknown, reconnects;
    uint64_t conns_up, inflight, queued;
};

/* Connects lazily and in the background, so it neither waits nor fails. Copies `options`. */
struct pg_pool *pg_pool_new(struct loop *loop, const struct pg_options *options);
/* Callers still waiting get ERR_CANCELED. NULL is fine. */
void pg_pool_free(struct pg_pool *pool);
const struct pg_stats *pg_pool_stats(const struct pg_pool *pool);
