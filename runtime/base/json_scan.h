/* runtime/base/json_scan.h - the top-level members of one JSON object, in order, without a tree.
 *
 * For the claims of tokens and the short answers of partners. The grammar is RFC 8259's, nested
 * values are skipped (at most JSON_SCAN_DEPTH_MAX deep), nothing is copied or unescaped.
 *
 *     struct json_scan scan = json_scan_begin(text);
 *     struct json_member member;
 *     while (json_scan_next(&scan, &member)) ...
 *     if (!scan.complete) the text was not one JSON object
 *
 * Nothing here waits, allocates or recurses. */
#pragma once
#include "runtime/base/str.h"

enum { JSON_SCAN_DEPTH_MAX = 16 };

enum json_kind {
    JSON_KIND_STRING,
    JSON_KIND_NUMBER,
    JSON_KIND_TRUE,
    JSON_KIND_FALSE,
    JSON_KIND_NULL,
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY
};

/* Views of the text. A string is without its quotes, its escapes as they stand. */
struct json_member {
    struct str name;
    enum json_kind kind;
    struct str value;
};

struct json_scan {
    struct str rest;
    bool begun;
    bool complete; /* the object ended, and nothing but white space followed */
};

struct json_scan json_scan_begin(struct str text);
/* False at the end of the object, or where the text breaks the grammar: see `complete`. */
bool json_scan_next(struct json_scan *scan, struct json_member *out);
