/* server/http/json.h - decoding a text without a request around it (the api side is in server/api.h). */
#pragma once
#include "server/api.h"

/* As request_json, from `text` (valid until the arena ends: strings without escapes are views of
 * it). `out` is zeroed first. Waits never. */
NODISCARD enum err json_decode(struct ctx *c, struct str text, const struct json_field *fields,
                               size_t fields_len, void *out);
