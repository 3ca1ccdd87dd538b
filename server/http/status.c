#include "server/http/status.h"

static const struct {
    uint16_t code;
    struct str line;
} statuses[HTTP_STATUS_COUNT] = {
#define STATUS(code, phrase) \
    {code, {"HTTP/1.1 " #code " " phrase "\r\n", sizeof("HTTP/1.1 " #code " " phrase "\r\n") - 1}},
    HTTP_STATUSES(STATUS)
#undef STATUS
};

size_t http_status_slot(int status)
{
    size_t slot = 0;
    while (slot < HTTP_STATUS_COUNT && statuses[slot].code != status)
        slot++;
    assert(slot < HTTP_STATUS_COUNT);
    return slot;
}

int http_status_at(size_t slot)
{
    assert(slot < HTTP_STATUS_COUNT);
    return statuses[slot].code;
}

struct str http_status_line(int status)
{
    return statuses[http_status_slot(status)].line;
}
