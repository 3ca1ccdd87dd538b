#include "server/http/method.h"

static const struct str names[] = {
#define METHOD(name) [HTTP_##name] = {#name, sizeof(#name) - 1},
    HTTP_METHODS(METHOD)
#undef METHOD
};
static_assert(ARRAY_LEN(names) == HTTP_METHOD_COUNT, "every method has a name");

struct str http_method_name(enum http_method method)
{
    assert(method < HTTP_METHOD_COUNT);
    return names[method];
}

bool http_method_parse(struct str name, enum http_method *out)
{
    for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++) {
        if (str_eq(names[method], name)) {
            *out = method;
            return true;
        }
    }
    return false;
}
