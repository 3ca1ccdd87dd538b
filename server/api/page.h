/* server/api/page.h - a list's answer, as every list gives it: {"results": [...], "next": cursor or null}.
 * What is asked for is read by query_page (server/api.h).   Waits: never. */
#pragma once
#include "server/api.h"

/* A 200 with the array open for its items. */
struct json_writer respond_page(struct ctx *c, struct response *res);
/* After the last item. `cursor` goes to the client encoded; empty: there are no more. */
void page_end(struct ctx *c, struct json_writer *w, struct str cursor);
/* Where the cursor is the id of the last item. */
void page_end_by_id(struct ctx *c, struct json_writer *w, bool more, int64_t last_id);
