/* server/http/query.h - query strings (the api side is in server/api.h).   Waits: never. */
#pragma once
#include "server/api.h"

/* What the edge checks before an endpoint runs. */
bool query_is_sane(struct arena *arena, struct str query);
