/* storage/seed.h - demo data: salons to try the server with, and people to log in as.
 *
 * Called by the command line (`mawid seed-demo`) and by nothing that serves: uses a blocking
 * connection of its own. Idempotent, and all or nothing: one statement writes it.
 *
 * Waits: blocks.   Threads: any. */
#pragma once
#include <stdio.h>

#include "domain/money.h"

/* New salons are in that currency. Writes to `to` whom to log in as, and how. False with one clear line
 * in `why`. */
bool seed_demo(const char *database_url, struct currency currency, FILE *to, char *why,
               size_t why_len);
