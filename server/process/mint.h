/* server/process/mint.h - `mawid token mint`: an access token without a code, for local development.
 *
 * Waits: blocks; a loop of its own runs meanwhile.   Threads: the main one. */
#pragma once
#include <stdio.h>

#include "server/process/config.h"

/* Prints the token to `to`. False with one clear line in `why`. Runs a loop of its own meanwhile. */
bool mint_token(const struct config *config, const char *phone, FILE *to, char *why,
                size_t why_len);
