/* tests/unit/private_servers.h - a Postgres and a Redis of the test program's own, in a directory of their
 * own: started when they are first asked for, gone when the program ends (tools/private-servers). What
 * cannot be had ends the program. */
#pragma once
#include <sys/types.h>

#include "runtime/base/base.h"

const char *private_pg_url(void); /* an empty database */
const char *private_redis_url(void);
pid_t private_redis_pid(void); /* as the last start of it noted */

/* Ends the program without leaving servers behind, as an abort would. */
_Noreturn void private_broken(const char *why);

/* "kill-pg", "start-redis" and their like: their URLs stay. */
bool private_servers(const char *verb);
