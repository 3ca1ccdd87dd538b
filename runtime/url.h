/* runtime/url.h - a URL taken apart (RFC 3986), by libcurl's parser.
 *
 * Threads: any.   Waits: never. */
#pragma once
#include "runtime/base/str.h"

/* Copies in the arena. What is not there is empty. */
struct url {
    struct str scheme;
    struct str user, password; /* percent-decoded */
    bool has_password;         /* even an empty one */
    struct str host;           /* as it was written; an IPv6 address with its brackets */
    struct str port;           /* digits, at most 65535 */
    struct str path;           /* from "/" on, as it was written; "/" if there is none */
    struct str query;          /* behind "?", as it was written */
};

/* Only of the form scheme://host…, without a fragment. False: `*why` says what is wrong in a few words, and
 * never quotes the URL, which may hold a password. */
bool url_parse(struct str text, struct arena *arena, struct url *out, const char **why);
