/* bench/reader.h - finds where HTTP/1.1 responses end in a stream of bytes.
 *
 * Understands what a benchmarked server sends: a status line, fields, a body of Content-Length (or
 * none: 204, 304). Anything else is an error, for a benchmark must not count what it did not
 * understand. Plain data: zeroed is ready for the first response. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { READER_HEAD_MAX = 4096 };

struct reader {
    uint64_t body_left; /* while in_body */
    uint32_t head_len;  /* bytes of an incomplete head kept in `head` */
    uint16_t status;
    bool in_body, closes; /* closes: the server said Connection: close */
    char head[READER_HEAD_MAX];
};

enum reader_result { READER_MORE, READER_RESPONSE, READER_MALFORMED };

/* Eats from `*data`. READER_RESPONSE: one response is complete (status and closes are its), call
 * again for the next; READER_MORE: everything was eaten. */
enum reader_result reader_next(struct reader *r, const char **data, size_t *len);
