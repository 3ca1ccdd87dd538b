/* server/api.h - what an endpoint sees: the request, the response, JSON in and out.
 *
 * An endpoint decodes, calls one domain function, encodes. It returns the domain's error as it is;
 * one place (server/http/errors.c) turns errors into responses.
 *
 * Waits: request_body_next and response_write; an endpoint, and what it calls. */
#pragma once
#include "domain/reason.h"
#include "runtime/base/json.h"
#include "runtime/base/json_writer.h"

struct app;

#define HTTP_METHODS(METHOD) \
    METHOD(GET) METHOD(HEAD) METHOD(POST) METHOD(PUT) METHOD(PATCH) METHOD(DELETE) METHOD(OPTIONS)
#define HTTP_METHOD_ENUM(name) HTTP_##name,
enum http_method { HTTP_METHODS(HTTP_METHOD_ENUM) HTTP_METHOD_COUNT };
#undef HTTP_METHOD_ENUM

struct header {
    struct str name, value;
};

/* Who is calling, from the access token alone (no database). user_id 0: nobody signed in. */
struct caller {
    int64_t user_id;
    struct uuid session;
    enum lang lang; /* that she preferred when the token was made */
};

enum { ROUTE_IDS_MAX = 3 };

/* Views are into the request's arena and live as long as it. */
struct request {
    struct app *app; /* this worker's services: server/app.h */
    enum http_method method;
    struct str path;  /* as sent, without the query */
    struct str query; /* without '?' */
    const struct header *headers;
    size_t headers_len;
    struct str body;            /* complete, de-chunked */
    int64_t ids[ROUTE_IDS_MAX]; /* the {id}s of the route's pattern, in order */
    struct uuid uuid;           /* the {uuid} of the route's pattern */
    struct str name;            /* the {name} of the route's pattern, decoded; never empty */
    struct caller caller;
    struct str client_ip;      /* behind trusted proxies: the right-most untrusted one */
    const struct route *route; /* NULL while none matched */
};
/* The n-th {id} of the route's pattern; the router let nothing but positive ones through. */
static inline int64_t path_id(const struct request *req, size_t n)
{
    assert(n < ROUTE_IDS_MAX && req->ids[n] > 0);
    return req->ids[n];
}
/* First header of that name (case-insensitive), or empty. */
struct str request_header(const struct request *req, struct str name);

/* What an answer says of itself. The most is a preflight of a page: 7 of its own and 4 that every answer has. */
enum { RESPONSE_FIELDS_MAX = 16 };

struct response {
    int status;
    struct str content_type; /* default application/json; charset=utf-8 */
    struct strbuf body;
    struct header fields[RESPONSE_FIELDS_MAX]; /* beside the content's type and length */
    size_t fields_len;
};
/* Adds a field; name and value live as long as the request. A value with a control character is not sent
 * (response splitting), and logged. More than RESPONSE_FIELDS_MAX is a bug. */
void response_header(struct response *res, struct str name, struct str value);
/* The value of the first field of that name, or empty. */
struct str response_header_find(const struct response *res, struct str name);

/* Adds the ETag. True: the client has that content already (If-None-Match), and the answer is a 304 without a
 * body, whatever it was before. `etag` is strong, with its quotes. */
bool respond_tag(const struct request *req, struct response *res, struct str etag);

typedef enum err endpoint_fn(struct ctx *c, struct request *req, struct response *res);

/* ---- routes: one table in server/routes.c -------------------------------------------------- */

enum route_flags {
    ROUTE_PUBLIC = 0,
    ROUTE_USER = 1 << 0,          /* a valid access token, else 401 */
    ROUTE_OPTIONAL_USER = 1 << 1, /* without a token as well; a bad one is 401 */
    ROUTE_FINISH = 1 << 2, /* goes on when the client vanishes: its effect is being committed */
    ROUTE_QUIET = 1 << 3,  /* not in the access log: probes */
    ROUTE_STREAM = 1 << 4, /* body and answer are not gathered: see request_body_next */
};
/* What is shed first under overload; contract: payments and webhooks before bookings before slots
 * before search. */
enum route_class {
    CLASS_PROBE,
    CLASS_PAYMENT,
    CLASS_BOOKING,
    CLASS_LOGIN,
    CLASS_SLOTS,
    CLASS_SEARCH
};

/* After the endpoint, before the client is answered: what others must learn of it. It may wait; the refusal
 * in the ctx, which goes with `err`, stays as it is. */
typedef void route_after_fn(struct ctx *c, const struct request *req, enum err err);

struct route {
    enum http_method method;
    const char *
        pattern; /* "/api/salons/{id}/slots/": {id} positive int64, {uuid}, {name}: any one segment;
                          * ends with '/' */
    endpoint_fn *endpoint;
    uint32_t flags;
    enum route_class class;
    route_after_fn *after; /* NULL: nothing */
};

/* ---- bodies and answers too large to gather: endpoints of routes with ROUTE_STREAM ------------ */

/* The next bytes of the body, a view that ends with the next call; empty: that was all of it. The
 * endpoint runs while the body arrives, `req->body` stays empty, and an answer before the body's end
 * closes the connection. R_BODY_TOO_LARGE, R_REQUEST_TIMEOUT, R_BAD_REQUEST; ERR_CANCELED: the client
 * is gone, and so is the rest of it. */
NODISCARD enum err request_body_next(struct ctx *c, struct request *req, struct str *out);
/* Sends the head of the answer as it stands in the response, with a body of so many bytes to come by
 * response_write (none for HEAD). An error afterwards can only cut the connection. */
NODISCARD enum err response_begin(struct ctx *c, struct request *req, uint64_t body_bytes);
/* Waits while the client is behind. ERR_CANCELED: it is gone. */
NODISCARD enum err response_write(struct ctx *c, struct request *req, struct str bytes);

/* ---- query parameters ------------------------------------------------------------------------ */

/* Percent-decoded into the arena. False: absent. Malformed escapes make the request a 400 before
 * any endpoint runs. */
bool query_find(struct ctx *c, const struct request *req, struct str name, struct str *out);
/* ?name=: default when absent; R_BAD_QUERY keyed by the name when not an integer in [min, max]. */
NODISCARD enum err query_int(struct ctx *c, const struct request *req, struct str name, int64_t min,
                             int64_t max, int64_t fallback, int64_t *out);
/* ?name=YYYY-MM-DD of a year that Postgres and the zones know (2000 … 2999). R_FIELD_REQUIRED, R_BAD_QUERY. */
NODISCARD enum err query_date(struct ctx *c, const struct request *req, struct str name,
                              struct date *out);
/* ?limit= (default 20, max 100) and ?cursor= (opaque: base64url of `cursor` text made by
 * json_next_cursor), shared by every list. cursor empty: first page. */
struct page {
    int64_t limit;
    struct str cursor; /* decoded */
};
NODISCARD enum err query_page(struct ctx *c, const struct request *req, struct page *out);

/* ---- JSON: tables of fields in runtime/base/json.h, the writer in json_writer.h --------------- */

/* Decodes and checks the whole body; all broken fields are reported at once, keyed by name: those of
 * an object inside it, {"policy": {"grid": ["text"]}}; of objects in an array, {"hours": [{},
 * {"opens": ["text"]}]}; of numbers in one, {"services": {"2": ["text"]}}. Unknown members are
 * ignored (clients send more than we read); duplicate keys are refused.
 * ERR_MEDIA_TYPE unless application/json; R_MALFORMED_JSON; R_INVALID_FIELDS with the fields. */
NODISCARD enum err request_json(struct ctx *c, struct request *req, const struct json_field *fields,
                                size_t fields_len, void *out);
#define REQUEST_JSON(c, req, fields, out) \
    request_json((c), (req), (fields), ARRAY_LEN(fields), (out))

/* Sets the status and the content type, and begins the body. */
struct json_writer respond_json(struct ctx *c, struct response *res, int status);
enum err respond_no_content(struct response *res);
