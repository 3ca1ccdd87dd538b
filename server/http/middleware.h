/* server/http/middleware.h - what happens to every request between the parser and its endpoint.
 *
 * Order (request_run in request.c): request id, query, language, address, route, CORS, token,
 * endpoint, errors. */
#pragma once
#include "server/api.h"
#include "server/http/cidr.h"

/* The X-Request-Id of the client if it is a sane one: 1 … 64 of [A-Za-z0-9._-]. */
bool request_id_is_sane(struct str id);

/* Accept-Language (RFC 9110 §12.5.4) to the better of our two; false: it names neither. */
bool language_parse(struct str accept_language, enum lang *out);
/* Before a text is written: no Accept-Language and somebody signed in -> the language they chose, on
 * any path that the request takes. May wait (once per request, app->user_language); never fails. */
void language_settle(struct ctx *c, struct request *req);
/* language_settle would have to look. Waits never. */
bool language_is_open(const struct ctx *c, const struct request *req);

/* The peer, or behind trusted proxies the right-most X-Forwarded-For entry that is none of them.
 * `text` has IO_ADDR_TEXT_MAX bytes. */
struct str client_address(const struct cidr_list *trusted, struct str peer,
                          const struct header *headers, size_t headers_len, char *text);

/* Judges the bearer token as the route demands. R_NO_CREDENTIALS or R_TOKEN_INVALID. */
NODISCARD enum err caller_check(struct ctx *c, struct request *req);
