/* Text is appended value by value; a comma and the depth are all the state there is. Whatever bytes a
 * row or a client holds, what comes out is JSON: that is decided in put_text, and nowhere else. (The
 * log has a writer of its own, see docs/decisions/0015: its lines are cut to a fixed size.) */
#include "runtime/base/json_writer.h"

#include <string.h>

#include "runtime/base/encoding.h"

struct json_writer json_writer_on(struct strbuf *out)
{
    return (struct json_writer){.out = out};
}

size_t json_escape(unsigned char byte, char out[JSON_ESCAPE_MAX])
{
    static const char letters[128] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                      ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    assert(byte < 128);
    out[0] = '\\';
    if (letters[byte]) {
        out[1] = letters[byte];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    hex_encode_into(out + 4, &byte, 1);
    return 6;
}

/* What is not UTF-8 becomes U+FFFD, byte by byte: whatever a row holds, the answer stays JSON. */
static void put_text(struct strbuf *out, struct str s)
{
    strbuf_add_char(out, '"');
    size_t run = 0;
    for (size_t i = 0; i < s.len;) {
        unsigned char byte = (unsigned char)s.ptr[i];
        size_t sequence = byte < 0x80 ? 1 : str_utf8_next(str_skip(s, i));
        if (sequence && byte >= 32 && byte != '"' && byte != '\\') {
            i += sequence;
            continue;
        }
        strbuf_add(out, str_of(s.ptr + run, i - run));
        if (sequence)
            out->len += json_escape(byte, strbuf_reserve(out, JSON_ESCAPE_MAX));
        else
            strbuf_add(out, STR("\xef\xbf\xbd"));
        run = ++i;
    }
    if (run < s.len)
        strbuf_add(out, str_of(s.ptr + run, s.len - run));
    strbuf_add_char(out, '"');
}

static void value_begin(struct json_writer *w, const char *key)
{
    if (w->comma)
        strbuf_add_char(w->out, ',');
    if (key) {
        put_text(w->out, str_c(key));
        strbuf_add_char(w->out, ':');
    }
    w->comma = true;
}

static void container_begin(struct json_writer *w, const char *key, char bracket)
{
    value_begin(w, key);
    strbuf_add_char(w->out, bracket);
    w->depth++;
    w->comma = false;
}

static void container_end(struct json_writer *w, char bracket)
{
    assert(w->depth > 0);
    strbuf_add_char(w->out, bracket);
    w->depth--;
    w->comma = true;
}

void json_object_begin(struct json_writer *w, const char *key)
{
    container_begin(w, key, '{');
}

void json_object_end(struct json_writer *w)
{
    container_end(w, '}');
}

void json_array_begin(struct json_writer *w, const char *key)
{
    container_begin(w, key, '[');
}

void json_array_end(struct json_writer *w)
{
    container_end(w, ']');
}

void json_put_str(struct json_writer *w, const char *key, struct str v)
{
    value_begin(w, key);
    put_text(w->out, v);
}

void json_put_str_or_null(struct json_writer *w, const char *key, struct str v)
{
    if (v.ptr)
        json_put_str(w, key, v);
    else
        json_put_null(w, key);
}

void json_put_int(struct json_writer *w, const char *key, int64_t v)
{
    value_begin(w, key);
    strbuf_add_int(w->out, v);
}

void json_put_bool(struct json_writer *w, const char *key, bool v)
{
    value_begin(w, key);
    strbuf_add(w->out, v ? STR("true") : STR("false"));
}

void json_put_null(struct json_writer *w, const char *key)
{
    value_begin(w, key);
    strbuf_add(w->out, STR("null"));
}

void json_put_double(struct json_writer *w, const char *key, double v, int decimals)
{
    assert(decimals >= 0 && decimals <= 9);
    /* Infinities and NaN have no JSON form. */
    if (!__builtin_isfinite(v)) {
        json_put_null(w, key);
        return;
    }
    value_begin(w, key);
    strbuf_addf(w->out, "%.*f", decimals, v);
}

void json_put_uuid(struct json_writer *w, const char *key, struct uuid v)
{
    char text[UUID_TEXT_LEN];
    uuid_format(v, text);
    json_put_str(w, key, str_of(text, sizeof(text)));
}

void json_put_instant(struct json_writer *w, const char *key, struct instant v, int32_t offset_s)
{
    char text[RFC3339_LEN_MAX];
    size_t len = instant_format_rfc3339(v, offset_s, text);
    json_put_str(w, key, str_of(text, len));
}
