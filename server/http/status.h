/* server/http/status.h - every status that we answer with: one table for the line and for the counters.
 *
 * Waits: never. */
#pragma once
#include <stddef.h>

#include "runtime/base/str.h"

/* STATUS(code, phrase): as RFC 9110 §15 words them. The first is found quickest. */
#define HTTP_STATUSES(STATUS)                      \
    STATUS(200, "OK")                              \
    STATUS(201, "Created")                         \
    STATUS(202, "Accepted")                        \
    STATUS(204, "No Content")                      \
    STATUS(304, "Not Modified")                    \
    STATUS(400, "Bad Request")                     \
    STATUS(401, "Unauthorized")                    \
    STATUS(403, "Forbidden")                       \
    STATUS(404, "Not Found")                       \
    STATUS(405, "Method Not Allowed")              \
    STATUS(408, "Request Timeout")                 \
    STATUS(409, "Conflict")                        \
    STATUS(410, "Gone")                            \
    STATUS(413, "Content Too Large")               \
    STATUS(414, "URI Too Long")                    \
    STATUS(415, "Unsupported Media Type")          \
    STATUS(417, "Expectation Failed")              \
    STATUS(422, "Unprocessable Content")           \
    STATUS(429, "Too Many Requests")               \
    STATUS(431, "Request Header Fields Too Large") \
    STATUS(500, "Internal Server Error")           \
    STATUS(501, "Not Implemented")                 \
    STATUS(503, "Service Unavailable")             \
    STATUS(505, "HTTP Version Not Supported")

#define STATUS(code, phrase) +1
enum { HTTP_STATUS_COUNT = HTTP_STATUSES(STATUS) };
#undef STATUS

/* Its place in the table, 0 … HTTP_STATUS_COUNT - 1. One that is not there is a bug. */
size_t http_status_slot(int status);
int http_status_at(size_t slot);
/* "HTTP/1.1 200 OK" with its line end. */
struct str http_status_line(int status);
