/* storage/migrate.h - forward-only schema migrations, embedded in the program.
 *
 * Called by the command line (`mawid migrate`) and by nothing that serves: uses a blocking
 * connection of its own. */
#pragma once
#include "runtime/base/base.h"

struct migration {
    int number;
    const char *name;
    const char *sql;
};
extern const struct migration migrations[];
extern const size_t migrations_len;

/* Applies what is missing, each in its own transaction, under one advisory lock (two processes at
 * once are fine). Returns how many were applied, or -1 with one clear line in `why`. */
int migrate_up(const char *database_url, char *why, size_t why_len);
/* The newest number that this binary knows. */
int migrate_newest(void);
/* How many of this binary's migrations the database lacks: 0 when it may serve. -1 with one clear line
 * in `why` when it cannot be asked. */
int migrate_missing(const char *database_url, char *why, size_t why_len);
