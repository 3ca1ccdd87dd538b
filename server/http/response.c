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
    if (!is_field_value(value)) {
        log_event(LOG_WARN, "response_header_dropped", "%.*s", STR_FMT(name));
        return;
    }
    if (str_eq_nocase(name, STR("Cache-Control")))
        res->cache_control = true;
    strbuf_add(&res->headers, name);
    strbuf_add(&res->headers, STR(": "));
    strbuf_add(&res->headers, value);
    strbuf_add(&res->headers, STR("\r\n"));
}
