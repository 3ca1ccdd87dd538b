/* server/http1.h - the HTTP/1.1 request parser: bytes in, structure out, nothing else.
 *
 * Strict where leniency has been used to smuggle requests past proxies (RFC 9112 §11.2): lines end
 * with CRLF only, no folding, no space before a colon, exactly one way to frame a body. What it
 * refuses, it refuses with the reason to answer; the connection is closed after that answer.
 *
 * Pure: views are into the caller's bytes, which must stay as long as the head is used.
 * Waits: never.   Allocates: never. */
#pragma once
#include "server/api.h"
#include "server/limits.h"

enum http1_result {
    HTTP1_MORE, /* fine so far; call again with more bytes behind the same ones */
    HTTP1_DONE,
    HTTP1_BAD, /* `reason` says why */
};

enum http1_framing { HTTP1_NO_BODY, HTTP1_LENGTH, HTTP1_CHUNKED };

struct http1_head {
    enum http_method method;
    struct str target; /* as sent */
    struct str path, query;
    bool method_unknown;   /* a token, but none of ours */
    bool asterisk;         /* OPTIONS * */
    bool http10;           /* else 1.1 */
    bool close;            /* the connection ends after this answer */
    bool expects_continue; /* Expect: 100-continue */
    enum http1_framing framing;
    uint64_t content_length; /* with HTTP1_LENGTH */
    struct str host;
    size_t fields_len;
    size_t bytes; /* of the whole head, with the empty line that ends it */
    enum reason reason;
    struct header fields[HTTP_FIELDS_MAX];
};

/* `bytes` starts at the first byte behind the previous request; one empty line before the request
 * line is let through (RFC 9112 §2.2). Does not judge content_length against a body cap. */
enum http1_result http1_parse(struct http1_head *head, struct str bytes, size_t head_bytes_max);

/* ---- chunked bodies ------------------------------------------------------------------------ */

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
