/* server/http/limits.h - every cap of the HTTP server that is not a setting, each with its reason.
 *
 * Waits: never. */
#pragma once

enum {
    HTTP_FIELDS_MAX = 100,        /* header lines: browsers send 20, attackers as many as allowed */
    HTTP_REQUEST_LINE_MAX = 8192, /* RFC 9112 §3 recommends at least 8000 */
    HTTP_CHUNK_EXT_MAX = 256,     /* extensions carry nothing we read */
    HTTP_TRAILER_MAX = 4096,      /* trailers are dropped, but must be read past */
    HTTP_REQUEST_ID_MAX = 64,     /* longer ones from clients are replaced */
    HTTP_PIPELINE_TURN_MAX = 32,  /* requests of one connection per turn: others want theirs */
    HTTP_INPUT_PENDING_MAX = 16384,  /* unparsed bytes behind a request under way; then: pause */
    HTTP_OUTPUT_PENDING_MAX = 65536, /* unsent bytes; beyond, no further request is begun */
    HTTP_OUTPUT_CHUNK = 16384,       /* answers of one turn gathered for one send */
    HTTP_STREAM_CHUNK = 32768,       /* of a streamed body: one is filled while one is read */
    HTTP_SEND_MAX = 262144, /* one send: a slow reader shows progress at least this often */
    HTTP_LINGER_BYTES_MAX = 1 << 20, /* read and dropped so that a refused client sees the answer */
    HTTP_LINGER_MS = 1000,
    QUERY_PAIRS_MAX = 64,
    PAGE_LIMIT_DEFAULT = 20,
    PAGE_LIMIT_MAX = 100,
};
