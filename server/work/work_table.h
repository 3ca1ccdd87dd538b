/* server/work/work_table.h - for work what routes.h is for requests: all there is to do, and in
 * which lanes.   Waits: never. */
#pragma once
#include "server/work/work_runner.h"

extern const struct work_table work_table;
