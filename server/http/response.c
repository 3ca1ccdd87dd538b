#include "runtime/base/log.h"
#include "server/api.h"

static bool is_field_value(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < 32 || value.ptr[i] == 127)
            return false;
    return true;
}

void response_header(struct response *res, struct str name, struct str value)
{
    assert(name.len);
    if (!is_field_value(value)) {
        log_event(LOG_WARN, "response_header_dropped", "%.*s", STR_FMT(name));
        return;
    }
    assert(res->fields_len < RESPONSE_FIELDS_MAX);
    res->fields[res->fields_len++] = (struct header){name, value};
}

struct str response_header_find(const struct response *res, struct str name)
{
    for (size_t i = 0; i < res->fields_len; i++)
        if (str_eq_nocase(res->fields[i].name, name))
            return res->fields[i].value;
    return (struct str){0};
}

struct json_writer respond_json(struct ctx *c, struct response *res, int status)
{
    res->status = status;
    res->content_type = STR("application/json; charset=utf-8");
    if (!res->body.arena)
        res->body = strbuf_new(c->arena, 512);
    res->body.len = 0;
    return json_writer_on(&res->body);
}

enum err respond_no_content(struct response *res)
{
    res->status = 204;
    res->content_type = (struct str){0};
    res->body.len = 0;
    return OK;
}
