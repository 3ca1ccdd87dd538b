/* server/http/method.h - methods by their names.   Waits: never. */
#pragma once
#include "server/api.h"

struct str http_method_name(enum http_method method);
/* False: none of ours. Names are case-sensitive (RFC 9110 §9.1). */
bool http_method_parse(struct str name, enum http_method *out);
