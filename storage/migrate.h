/* storage/migrate.h - brings a database to the schema that is embedded in the program (storage/schema/).
 *
 *   nothing there    the parts in order (tables, types, views), the functions
 *   an older one     the changes that it lacks, then each function whose file differs from what it was
 *                    made of; those that have no file any more are dropped
 *   a newer one      nothing: an older program that migrates once more, in the middle of a roll-out,
 *                    must not put its functions in the place of newer ones. Releases have different
 *                    versions; of two programs with the same one, that which migrates last decides
 *
 * All of it is one transaction under one advisory lock: the tables and the functions that fit them
 * change at once for the programs that run meanwhile, what fails leaves nothing, and of two processes
 * at once the second finds nothing to do. README.md there says what the files may and may not do.
 *
 * Called by the command line and by the start of `serve`, before its loops: uses a blocking connection
 * of its own.   Waits: blocks.   Threads: any. */
#pragma once
#include "runtime/base/base.h"

struct schema_file { /* a part or a change */
    int number;
    const char *name; /* with the number, as the file's */
    const char *sql;
};
struct schema_function {
    const char *name;
    const char *signature; /* with another one the old function is dropped */
    const char *checksum;
    const char *sql;
    bool early; /* made before the tables, which may need it */
};
struct schema {
    const struct schema_file *parts; /* ascending, as all here is in the order of its making */
    size_t parts_len;
    const struct schema_function *functions; /* those that are early first */
    size_t functions_len;
    const struct schema_file *changes;
    size_t changes_len;
    const char *version; /* the program's: numbers and dots */
};
extern const struct schema SCHEMA; /* made by embed.py */

/* What was done to a database, or is to be. */
struct migration {
    bool made;  /* all of it: there was nothing */
    bool newer; /* nothing: a newer program has migrated it */
    int changes, functions, dropped;
};

/* False: nothing was done, and `why` says why in one line. */
NODISCARD bool migrate_up(const struct schema *schema, const char *database_url,
                          struct migration *done, char *why, size_t why_len);
/* What migrate_up would do, `functions` only where there is something to compare with. False, with
 * `why`, when the database cannot be asked or is not ours. */
NODISCARD bool migrate_missing(const struct schema *schema, const char *database_url,
                               struct migration *missing, char *why, size_t why_len);
/* Would a program that has this schema find what it needs? */
bool migration_is_none(const struct migration *migration);
/* The number of the last change; 0: none since the first release. */
int schema_number(const struct schema *schema);
