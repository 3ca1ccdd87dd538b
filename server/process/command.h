/* server/process/command.h - the command line: which word does what.
 *
 * Waits: blocks.   Threads: the main one. */
#pragma once

/* -> exit code, perhaps with SERVE_HASTY (serve.h) */
int command_run(int argc, char **argv, char *const *env);
