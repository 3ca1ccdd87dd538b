/* server/http/common_fields.h - the fields that every answer carries, whatever it is: Date, and what keeps
 * browsers from guessing, framing and telling.
 *
 * Threads: the loop's.   Waits: never. */
#pragma once
#include "server/api.h"

struct loop;

enum { COMMON_FIELDS = 5, COMMON_FIELDS_TEXT_MAX = 512 };

/* Refreshed once a second: begins as zeroes. */
struct common_fields {
    struct header fields[COMMON_FIELDS];
    char text[COMMON_FIELDS_TEXT_MAX]; /* the same as HTTP/1 writes them */
    size_t text_len;
    char date[32];
    struct tick until; /* when `date` is no longer true */
};
const struct header *common_fields(struct common_fields *common, struct loop *loop);
struct str common_fields_text(struct common_fields *common, struct loop *loop);
