/* server/process/work_command.h - `mawid work`: what is waiting, what is dead and why, and once
 * more.
 *
 *   list                   how many there are, by kind and lane
 *   list KIND              those of a kind that are not dead, earliest first
 *   dead [KIND]            those that are, latest first
 *   show KIND SUBJECT      all of one
 *   replay KIND [SUBJECT]  dead ones are due again at once
 *
 * Waits: blocks, on a loop of its own. */
#pragma once
#include <stdio.h>

#include "server/process/config.h"

/* `words`: those after "work". Prints to `to`; false with one clear line in `why`. */
bool work_command(const struct config *config, const char *const *words, size_t len, FILE *to,
                  char *why, size_t why_len);
