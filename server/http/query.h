/* server/http/query.h - query strings (the api side is in server/api.h). */
#pragma once
#include "server/api.h"

/* Percent-decodes; `plus_is_space` as forms write it. False: a malformed escape, a NUL, or the
 * result is not UTF-8. Without anything to decode `*out` is `in` itself. Waits never. */
bool percent_decode(struct arena *arena, struct str in, bool plus_is_space, struct str *out);
/* What the edge checks before an endpoint runs. */
bool query_is_sane(struct arena *arena, struct str query);
