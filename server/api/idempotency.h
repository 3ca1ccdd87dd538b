/* server/api/idempotency.h - the header Idempotency-Key of requests that create something.
 *
 * The key is the caller's name for the request; the fingerprint says what the request asked for, so
 * that a key used for something else is noticed. What a key is good for: domain/once.h.
 *
 * Waits: never. */
#pragma once
#include "domain/once.h"
#include "server/api.h"

enum { IDEMPOTENCY_KEY_MAX = 255 };

/* Both empty when there is no such header. R_KEY_INVALID: there are two, or it is not
 * 1 to 255 visible ASCII characters, bare or as a quoted string
 * (draft-ietf-httpapi-idempotency-key-header). */
NODISCARD enum err idempotency_key(struct ctx *c, const struct request *req, struct once *out);
/* As idempotency_key, when the body is still to come: the fingerprint is empty until idempotency_body
 * makes it, of the request and what stands for its body (a hash of it). */
NODISCARD enum err idempotency_key_alone(struct ctx *c, const struct request *req,
                                         struct once *out);
void idempotency_body(struct ctx *c, const struct request *req, struct str body, struct once *once);
/* Says in the answer that it is the one of the first time, if it is. */
void idempotency_tell(struct response *res, const struct once *once);
