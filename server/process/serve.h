/* server/process/serve.h - `mawid serve`: workers, signals, the end.
 *
 * Waits: blocks until the end.   Threads: the main one. */
#pragma once
#include "server/process/config.h"

/* Serves until told to stop. -> exit code; a refusal to start is one line in `why` and 1.
 * SERVE_HASTY is added when a second signal asked to leave at once: threads are still running, so
 * the caller must not clean up. */
enum { SERVE_HASTY = 256 };
int serve(const struct config *config, char *why, size_t why_len);
