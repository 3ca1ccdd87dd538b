/* server/process/command.h - the command line: which word does what. */
#pragma once

/* -> exit code, perhaps with SERVE_HASTY (serve.h) */
int command_run(int argc, char **argv, char *const *env);
