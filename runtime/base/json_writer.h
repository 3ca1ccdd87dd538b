/* runtime/base/json_writer.h - JSON, value by value; what comes out is always one well-formed text.
 *
 * Waits: never.   Owns: nothing; the text grows in the builder that it is given. */
#pragma once
#include "runtime/base/clock.h"
#include "runtime/base/str.h"

struct json_writer {
    struct strbuf *out;
    uint32_t depth;
    bool comma; /* the next value needs one before it */
};
struct json_writer json_writer_on(struct strbuf *out);

/* `key` NULL inside arrays and at the top. */
void json_object_begin(struct json_writer *w, const char *key);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w, const char *key);
void json_array_end(struct json_writer *w);
void json_put_str(struct json_writer *w, const char *key, struct str v); /* escapes; UTF-8 as is */
void json_put_str_or_null(struct json_writer *w, const char *key,
                          struct str v); /* ptr NULL: null */
void json_put_int(struct json_writer *w, const char *key, int64_t v);
void json_put_bool(struct json_writer *w, const char *key, bool v);
void json_put_null(struct json_writer *w, const char *key);
void json_put_double(struct json_writer *w, const char *key, double v, int decimals);
void json_put_uuid(struct json_writer *w, const char *key, struct uuid v);
/* RFC 3339 at `offset_s` from UTC. */
void json_put_instant(struct json_writer *w, const char *key, struct instant v, int32_t offset_s);

/* How an ASCII byte that may not stand in a string as it is, is written there. -> its length */
enum { JSON_ESCAPE_MAX = 6 };
size_t json_escape(unsigned char byte, char out[JSON_ESCAPE_MAX]);
