/* runtime/io_sim.h - the simulated io: virtual clock, in-memory sockets, seeded order and faults.
 *
 * The loop, the drivers on sockets and the HTTP layer run on it unchanged. The test plays the
 * other side of every connection through `struct sim_peer`. Time stands still while there is
 * anything to do and jumps to the next timer when there is not (sim_run), so minutes of time-outs
 * pass in microseconds and a failing run is repeated by its seed.
 *
 * Threads: one.   Waits: never (sim_run turns the loop). */
#pragma once
#include "runtime/loop.h"

struct io_sim;
struct sim_peer;

struct sim_options {
    uint64_t seed;
    uint32_t buffers, buffer_bytes;
    uint32_t completions_max;
    uint32_t recv_max;         /* most bytes in one received completion; 0: a whole buffer */
    uint32_t send_max;         /* most bytes taken by one send; 0: no limit */
    uint32_t late_percent;     /* of completions held back by up to 5 ms of virtual time */
    uint32_t overflow_percent; /* of multishot completions that end their arming */
    int fds_max;               /* beyond: -EMFILE; 0: no limit */
    bool no_shuffle;           /* completions in the order they became ready */
};

struct io *io_sim_new(const struct sim_options *options);
struct io_sim *io_sim_of(struct io *io); /* asserts that it is one */

/* Turns the loop for `d` of virtual time. Everything that can happen in it has happened. */
void sim_run(struct loop *loop, struct duration d);
/* Turns the loop without moving the clock, until nothing is left to do at this instant. */
void sim_settle(struct loop *loop);

/* ---- the other side of a connection ---------------------------------------------------------- */

/* Connects to a listening socket. NULL: nobody listens there, or its backlog is full. */
struct sim_peer *sim_connect(struct io_sim *sim, const struct io_addr *addr);
/* Listens for what the code under test connects to; sim_accept hands out connections in order,
 * NULL when there is none. Without sim_listen a connect is refused. */
void sim_listen(struct io_sim *sim, const struct io_addr *addr);
void sim_unlisten(struct io_sim *sim, const struct io_addr *addr);
struct sim_peer *sim_accept(struct io_sim *sim, const struct io_addr *addr);

void sim_send(struct sim_peer *peer, struct str bytes);
/* Arrives `d` from now (and so does what else is on its way from this peer): it ends a wait of the loop
 * instead of being there before one. */
void sim_send_after(struct sim_peer *peer, struct duration d, struct str bytes);
void sim_shutdown(struct sim_peer *peer); /* sends no more */
void sim_reset(struct sim_peer *peer);    /* the connection breaks: ECONNRESET */
/* All that arrived and was not consumed yet. */
struct str sim_received(struct sim_peer *peer);
void sim_consume(struct sim_peer *peer, size_t n);
/* How many more bytes the peer takes before the other side's sends wait; default unlimited. */
void sim_set_window(struct sim_peer *peer, size_t bytes);
bool sim_closed(const struct sim_peer *peer); /* the code under test closed or shut down its end */

/* ---- what tests look at ------------------------------------------------------------------------ */

struct sim_counts {
    int fds_open;
    uint32_t ops_pending, buffers_out;
};
struct sim_counts sim_counts(const struct io_sim *sim);
