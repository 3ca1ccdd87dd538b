/* server/http/errors.h - the one place where an error becomes a response.
 *
 *   {"detail": text, "code", "request_id"}                        most refusals
 *   {"<field>": [text], …, "code", "request_id"}                  refusals about fields of the input
 * plus "retry_after_seconds" with 429, the header Retry-After with 429 and 503, and what else the
 * refusal says (refusal_json.h).
 *
 * Waits: never. */
#pragma once
#include "server/api.h"

/* HTTP status of a refusal: its class's, but for the few that HTTP tells apart more finely. */
int error_status(enum reason reason);
/* Replaces whatever `res` held. ERR_INTERNAL is logged with the request id; the client learns
 * nothing else. `req` NULL: the request could not be read. Waits never. */
void error_respond(struct ctx *c, struct request *req, struct response *res, enum err err);
