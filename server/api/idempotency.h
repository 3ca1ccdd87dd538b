/* server/api/idempotency.h - the header Idempotency-Key of requests that create something.
 *
 * The key is the caller's name for the request; the fingerprint says what the request asked for, so
 * that a key used for something else is noticed. What is kept under a key, and for how long, is the
 * storage's (migrations/0020): written in the transaction of the effect, and only if there was one. */
#pragma once
#include "domain/once.h"
#include "server/api.h"

enum { IDEMPOTENCY_KEY_MAX = 255 };

/* Both empty when there is no such header. R_KEY_INVALID: there are two, or it is not
 * 1 to 255 visible ASCII characters, bare or as a quoted string
 * (draft-ietf-httpapi-idempotency-key-header). */
NODISCARD enum err idempotency_key(struct ctx *c, const struct request *req, struct once *out);
/* As idempotency_key, when the body is still to come: the fingerprint is empty until
 * idempotency_fingerprint makes it, of the request and what stands for its body (a hash of it). */
NODISCARD enum err idempotency_key_alone(struct ctx *c, const struct request *req,
                                         struct once *out);
struct str idempotency_fingerprint(struct arena *arena, const struct request *req, struct str body);
