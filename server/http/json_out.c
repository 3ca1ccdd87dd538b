#include "server/api.h"

static const char hex_digits[] = "0123456789abcdef";

struct json_writer json_writer_on(struct strbuf *out)
{
    return (struct json_writer){.out = out};
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

/* The length of the valid sequence at `p` (a byte over 0x7f), or 0. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
        return 0;
    return str_is_utf8(str_of((const char *)p, n)) ? n : 0;
}

static void put_escape(struct strbuf *out, unsigned char byte)
{
    static const char names[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (byte == '"' || byte == '\\') {
        char pair[2] = {'\\', (char)byte};
        strbuf_add(out, str_of(pair, 2));
    } else if (byte < 32 && names[byte]) {
        char pair[2] = {'\\', names[byte]};
        strbuf_add(out, str_of(pair, 2));
    } else {
        char unit[6] = {'\\', 'u', '0', '0', hex_digits[byte >> 4], hex_digits[byte & 15]};
        strbuf_add(out, str_of(unit, 6));
    }
}

/* What is not UTF-8 becomes U+FFFD, byte by byte: whatever a row holds, the answer stays JSON. */
static void put_text(struct strbuf *out, struct str s)
{
    strbuf_add_char(out, '"');
    size_t run = 0;
    for (size_t i = 0; i < s.len;) {
        unsigned char byte = (unsigned char)s.ptr[i];
        size_t sequence = 1;
        if (byte >= 0x80)
            sequence = utf8_sequence((const unsigned char *)s.ptr + i, s.len - i);
        if (sequence && byte >= 32 && byte != '"' && byte != '\\') {
            i += sequence;
            continue;
        }
        strbuf_add(out, str_of(s.ptr + run, i - run));
        if (sequence)
            put_escape(out, byte);
        else
            strbuf_add(out, STR("\xef\xbf\xbd"));
        run = ++i;
    }
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

void json_put_next(struct ctx *c, struct json_writer *w, struct str cursor)
{
    if (cursor.len == 0) {
        json_put_null(w, "next");
        return;
    }
    json_put_str(w, "next", base64url_encode(c->arena, (const uint8_t *)cursor.ptr, cursor.len));
}
