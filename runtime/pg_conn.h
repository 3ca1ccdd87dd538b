/* runtime/pg_conn.h - one pipelined connection of a pg_pool.
 *
 *     DOWN --begin--> RESOLVING --> CONNECTING --> UP --(cut, or drained)--> DOWN, after a back-off
 *
 * Statements under way are slots in a ring: the server answers in the order of sending, so the first
 * slot is the one that results belong to. A caller that gives up leaves its slot behind; the result
 * is dropped when it comes.
 *
 * Threads: the loop's, on the loop's own stack (libpq's frames are deep).   Waits: never.
 * Private to runtime/pg*.c. */
#pragma once
#include <libpq-fe.h>

#include "runtime/foreign.h"
#include "runtime/pg.h"

struct pg_conn;
struct pg_target;

/* One pg_query, on its caller's stack. */
struct pg_request {
    struct wait wait;    /* its link: the pool's queue */
    struct arena *arena; /* for the rows */
    struct pg_pool *pool;
    const struct pg_statement *stmt;
    struct pg_args args;
    struct pg_rows *rows;
    struct pg_slot *slot; /* while under way */
    bool sent;            /* it may have run */
    bool retried;
    bool refused;
};

struct pg_slot {
    struct pg_request *request; /* NULL: nobody waits any more */
    const struct pg_statement *stmt;
    PGresult *answer; /* the last good result, or the first error */
    bool preparing;   /* a Parse was sent ahead and its result is still to come */
    bool executed;    /* the statement itself went well; its transaction may have committed */
    bool failed;
};

/* What a connection knows of a statement. */
struct pg_prepared {
    uint16_t serial;  /* part of its name there; a plan that went stale gets a new one */
    uint16_t version; /* of the parameter types (pg_plan) that it was prepared with */
    bool ready;       /* Parse was sent, and has not failed */
};

/* What the pool knows of a statement: parameter types, learned from the calls. A bare NULL says
 * nothing of its type, so a later call may add to them: another version. */
struct pg_plan {
    const struct pg_statement *stmt;
    uint32_t *types;
    uint16_t version;
};

enum pg_conn_state { PG_DOWN, PG_RESOLVING, PG_CONNECTING, PG_UP };

struct pg_conn {
    struct pg_pool *pool;
    enum pg_conn_state state;
    PGconn *pg;
    struct foreign_fd io;
    struct timer timer; /* DOWN: back-off; CONNECTING: gives up; UP: watches the first slot */
    struct task look;   /* results that came in while sending */
    struct pg_slot *slots;
    uint32_t slots_head, slots_len;
    struct tick head_since; /* since when the server works on the first slot */
    struct pg_prepared *prepared;
    uint32_t prepared_len;
    uint32_t failures; /* connection attempts in a row */
    int64_t delay_ms;  /* the last back-off */
    bool retire;       /* takes nothing new; goes once it is empty */
};

void pg_conn_init(struct pg_conn *conn, struct pg_pool *pool);
/* Those under way are answered with `err`. */
void pg_conn_fini(struct pg_conn *conn, enum err err);
/* Begins the first attempt, or the one for which the target was looked up. */
void pg_conn_begin(struct pg_conn *conn);
void pg_conn_resolved(struct pg_conn *conn, bool ok);

/* Sends the request. When the connection breaks over it, it is back in the pool's queue or
 * answered. Needs pg_conn_has_room. */
void pg_conn_send(struct pg_conn *conn, struct pg_request *request);
bool pg_conn_has_room(const struct pg_conn *conn);

/* ---- what a connection asks of its pool (pg.c) ------------------------------------------------ */

struct pg_pool {
    struct loop *loop;
    struct foreign *foreign;
    struct pg_options options;
    struct pg_target *target;
    struct pg_conn *conns;
    struct list queue; /* requests not yet sent, by their wait's link */
    struct task start;
    struct pg_plan *plans; /* by the statement's index */
    uint32_t plans_len;
    bool down; /* no connection, and attempts since then have failed: refuse at once */
    struct pg_stats stats;
};

/* The plan of the request's statement, its types brought up to date. */
const struct pg_plan *pg_pool_plan(struct pg_pool *pool, const struct pg_request *request);
/* It certainly did not run: first in the queue for another connection. */
void pg_pool_requeue(struct pg_pool *pool, struct pg_request *request);
/* Sends from the queue what there is room for. */
void pg_pool_drain(struct pg_pool *pool);
void pg_pool_conn_up(struct pg_pool *pool);
void pg_pool_connect_failed(struct pg_pool *pool);
