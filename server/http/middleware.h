/* server/http/middleware.h - what happens to every request between the parser and its endpoint.
 *
 * Order (exchange.c): request id, caller, language, address, route, query, CORS, what the route asks
 * of the caller, endpoint, errors. Who asks and in which language comes before anything can be refused.
 *
 * Waits: never. */
#pragma once
#include "server/api.h"
#include "server/http/cidr.h"

/* The X-Request-Id of the client if it is a sane one: 1 … 64 of [A-Za-z0-9._-]. */
bool request_id_is_sane(struct str id);

/* Accept-Language (RFC 9110 §12.5.4) to the better of our two; false: it names neither. */
bool language_parse(struct str accept_language, enum lang *out);
/* The language of every text of the answer: what Accept-Language asks for, else what the caller prefers
 * (as her token says), else Arabic. After caller_identify. */
enum lang request_language(const struct request *req);

/* The peer, or behind trusted proxies the right-most X-Forwarded-For entry that is none of them.
 * `text` has IO_ADDR_TEXT_MAX bytes. */
struct str client_address(const struct cidr_list *trusted, struct str peer,
                          const struct header *headers, size_t headers_len, char *text);

/* Port: whose an access token is. Filled by the accounts (server/login_services.c); a struct of a function,
 * because a server may have none (tests) or its own. */
struct token_gate {
    /* From the token alone: true and *out, or false. `now` decides about expiry. Waits never. */
    bool (*whose)(const struct token_gate *gate, struct arena *arena, struct str token,
                  struct instant now, struct caller *out);
};
/* Judges the bearer token, once: from here on `req->caller` is whom it names, or nobody. `gate` NULL: every
 * token is bad. Waits never. */
void caller_identify(const struct ctx *c, const struct token_gate *gate, struct request *req);
/* Is that whom the route demands? R_NO_CREDENTIALS or R_TOKEN_INVALID. Waits never. */
NODISCARD enum err caller_check(struct ctx *c, const struct request *req);
