/* server/http/http1.h - the HTTP/1.1 request parser: bytes in, structure out, nothing else.
 *
 * Strict where leniency has been used to smuggle requests past proxies (RFC 9112 §11.2): lines end
 * with CRLF only, no folding, no space before a colon, exactly one way to frame a body. What it
 * refuses, it refuses with the reason to answer; the connection is closed after that answer.
 *
 * Pure: views are into the caller's bytes, which must stay as long as the head is used.
 * Waits: never.   Allocates: never. */
#pragma once
#include "server/api.h"
#include "server/http/limits.h"

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
