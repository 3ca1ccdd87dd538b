/* runtime/pg_target.h - where a pg_pool connects to: the parsed URL, its names looked up.
 *
 * libpq looks names up with a blocking call, so it is only ever given addresses. Names are looked up
 * on a thread of their own; unix sockets, addresses and "localhost" need none.
 *
 * Threads: the loop's.   Waits: never. Private to runtime/pg*.c. */
#pragma once
#include <libpq-fe.h>

#include "runtime/pg.h"

struct pg_target;

/* `resolved(arg, ok)` is called on the loop, once per pg_target_resolve. */
struct pg_target *pg_target_new(struct loop *loop, const struct pg_options *options,
                                void (*resolved)(void *arg, bool ok), void *arg);
/* A look-up under way is abandoned: `resolved` is not called any more. */
void pg_target_free(struct pg_target *target);

/* The addresses are known and not too old to connect to. */
bool pg_target_ready(const struct pg_target *target);
/* Begins a look-up; nothing happens when one is under way. */
void pg_target_resolve(struct pg_target *target);
/* The next connect begins with another host: the first one did not answer. (libpq would wait for
 * ever; it tries the next host by itself only after an answer.) */
void pg_target_rotate(struct pg_target *target);
/* Begins connecting, needs pg_target_ready. NULL or a bad status: failed. */
PGconn *pg_target_connect(struct pg_target *target);
