#include "server/http/errors.h"

#include "runtime/base/log.h"
#include "server/http/refusal_json.h"

static const struct {
    int status;
    enum reason reason; /* when nothing more exact is known */
} classes[] = {
    [ERR_INVALID] = {400, R_BAD_REQUEST},
    [ERR_UNAUTHORIZED] = {401, R_NO_CREDENTIALS},
    [ERR_FORBIDDEN] = {403, R_FORBIDDEN},
    [ERR_NOT_FOUND] = {404, R_NOT_FOUND},
    [ERR_METHOD] = {405, R_METHOD_NOT_ALLOWED},
    [ERR_SLOW_CLIENT] = {408, R_REQUEST_TIMEOUT},
    [ERR_CONFLICT] = {409, R_INTERNAL},
    [ERR_GONE] = {410, R_INTERNAL},
    [ERR_TOO_LARGE] = {413, R_BODY_TOO_LARGE},
    [ERR_MEDIA_TYPE] = {415, R_MEDIA_TYPE},
    [ERR_UNPROCESSABLE] = {422, R_INTERNAL},
    [ERR_TOO_MANY] = {429, R_OVERLOADED},
    [ERR_NOT_CONFIGURED] = {501, R_NOT_IMPLEMENTED},
    [ERR_UNAVAILABLE] = {503, R_UNAVAILABLE},
    [ERR_TIMEOUT] = {503, R_UNKNOWN_OUTCOME},
    [ERR_CANCELED] = {503, R_UNKNOWN_OUTCOME},
    [ERR_INTERNAL] = {500, R_INTERNAL},
};

int error_status(enum reason reason)
{
    switch (reason) {
    case R_URI_TOO_LONG: return 414;
    case R_EXPECTATION: return 417;
    case R_HEAD_TOO_LARGE: return 431;
    case R_HTTP_VERSION: return 505;
    default: return classes[reason_info(reason)->class].status;
    }
}

/* The reason to report: the ctx's own when it is of that class, else the class's. */
static enum reason error_reason(const struct ctx *c, enum err err)
{
    assert(err > OK && err < (enum err)ARRAY_LEN(classes));
    /* A reason of another class is a refusal that somebody handled on the way. */
    if (refused(c) != R_NONE && reason_info(refused(c))->class == err)
        return refused(c);
    return classes[err].reason;
}

static void challenge(struct response *res, enum reason reason)
{
    if (reason == R_NO_CREDENTIALS)
        response_header(res, STR("WWW-Authenticate"), STR("Bearer realm=\"mawid\""));
    else
        response_header(res, STR("WWW-Authenticate"),
                        STR("Bearer realm=\"mawid\", error=\"invalid_token\""));
}

static void come_back(struct ctx *c, struct response *res, struct json_writer *w, int status)
{
    int64_t seconds = MAX(c->refusal.retry_after_s, 1);
    struct strbuf number = strbuf_new(c->arena, 24);
    strbuf_add_int(&number, seconds);
    response_header(res, STR("Retry-After"), strbuf_str(&number));
    if (status == 429)
        json_put_int(w, "retry_after_seconds", seconds);
}

static void put_text(struct ctx *c, struct json_writer *w, enum reason reason)
{
    struct str text = reason_info(reason)->text[c->lang];
    if (c->refusal.field.len)
        refusal_put_field(c->arena, w, c->refusal.field, text);
    else if (!c->refusal.problems_len)
        json_put_str(w, "detail", text);
}

static void put_marks(struct ctx *c, struct json_writer *w, enum reason reason)
{
    json_put_str(w, "code", str_c(reason_info(reason)->code));
    json_put_str(w, "request_id", c->request_id);
}

static void log_broken_promise(struct ctx *c, const struct request *req, enum err err)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "internal_error");
    log_str(&line, "request_id", c->request_id);
    if (req && req->route)
        log_str(&line, "route", str_c(req->route->pattern));
    log_int(&line, "class", err);
    if (refused(c) != R_NONE)
        log_str(&line, "reason", str_c(reason_info(refused(c))->name));
    log_end(&line);
}

void error_respond(struct ctx *c, struct request *req, struct response *res, enum err err)
{
    enum reason reason = error_reason(c, err);
    if (reason == R_INTERNAL)
        log_broken_promise(c, req, err);
    /* What is noted in the ctx belongs to the ctx's own reason. */
    if (reason != refused(c)) {
        bool come_back_then = err == ERR_UNAVAILABLE || err == ERR_TOO_MANY;
        int32_t retry_after_s = come_back_then ? c->refusal.retry_after_s : 0;
        c->refusal = (struct refusal){.retry_after_s = retry_after_s};
    }

    int status = error_status(reason);
    assert(status >= 400);
    res->fields_len = 0;
    struct json_writer w = respond_json(c, res, status);
    json_object_begin(&w, NULL);
    put_text(c, &w, reason);
    put_marks(c, &w, reason);
    if (status == 429 || status == 503)
        come_back(c, res, &w, status);
    refusal_put_rest(&w, &c->refusal, c->lang);
    json_object_end(&w);
    if (status == 401)
        challenge(res, reason);
}
