/* server/http/http1_chunked.h - bodies in chunks (RFC 9112 §7.1), one byte of the framing at a time.
 *
 * As strict as the head (http1.h): what a proxy might read differently is refused.
 *
 * Pure: payload comes out as views of the caller's bytes.   Waits: never.   Allocates: never. */
#pragma once
#include "server/http/http1.h"

struct http1_chunked {
    uint8_t state;
    uint8_t digits; /* of the size being read */
    uint16_t line;  /* bytes of the extension being read */
    uint16_t trailer;
    uint64_t left;  /* of the chunk */
    uint64_t total; /* of all chunks announced so far */
    uint64_t total_max;
};
void http1_chunked_begin(struct http1_chunked *chunked, uint64_t total_max);
/* Cuts what it understood off `*bytes`. HTTP1_MORE with data->len > 0: payload, call again;
 * HTTP1_MORE with data->len == 0: `*bytes` is used up. HTTP1_DONE: what is left in `*bytes` belongs
 * to the next request; trailers were dropped. HTTP1_BAD: `*reason`. */
enum http1_result http1_chunked_next(struct http1_chunked *chunked, struct str *bytes,
                                     struct str *data, enum reason *reason);
