/* A machine of one byte a step, because a body arrives in pieces that end anywhere and nothing of it is kept:
 * between two calls there is one state and three counters. Only payload is taken in stretches. Sizes have at
 * most 15 digits, extensions and trailers are read past within a bound each, and what RFC 9112 merely calls
 * bad (white space before an extension) is refused: two parsers that disagree about a chunk's end are how
 * requests are smuggled. */
#include "server/http/http1_chunked.h"

#include "runtime/base/encoding.h"
#include "server/http/http1_chars.h"

enum chunk_state {
    CHUNK_SIZE,
    CHUNK_EXT_START,
    CHUNK_EXT_NAME,
    CHUNK_EXT_VALUE,
    CHUNK_EXT_TOKEN,
    CHUNK_EXT_QUOTED,
    CHUNK_EXT_ESCAPE,
    CHUNK_EXT_END,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER, /* at the start of a trailer line, or of the end */
    CHUNK_TRAILER_NAME,
    CHUNK_TRAILER_VALUE,
    CHUNK_TRAILER_LF,
    CHUNK_END_LF,
    CHUNK_DONE,
    CHUNK_BAD,
};

enum { CHUNK_DIGITS_MAX = 15 }; /* 60 bits: no sum of two can overflow */

void http1_chunked_begin(struct http1_chunked *chunked, uint64_t total_max)
{
    *chunked = (struct http1_chunked){.state = CHUNK_SIZE, .total_max = total_max};
}

static enum chunk_state on_size(struct http1_chunked *chunked, char ch)
{
    int digit = hex_digit(ch);
    if (digit >= 0) {
        chunked->left = chunked->left << 4 | (uint64_t)digit;
        return ++chunked->digits <= CHUNK_DIGITS_MAX ? CHUNK_SIZE : CHUNK_BAD;
    }
    if (chunked->digits == 0)
        return CHUNK_BAD;
    if (ch == ';') {
        chunked->line = 0;
        return CHUNK_EXT_START;
    }
    return ch == '\r' ? CHUNK_SIZE_LF : CHUNK_BAD;
}

static bool is_text(char ch)
{
    return ch == '\t' || ((unsigned char)ch >= 32 && ch != 127);
}

/* What may follow a complete name or value. */
static enum chunk_state after_extension(char ch)
{
    return ch == ';' ? CHUNK_EXT_START : ch == '\r' ? CHUNK_SIZE_LF : CHUNK_BAD;
}

/* ;name, ;name=token, ;name="quoted" - without white space (RFC 9112 §7.1.1 calls it bad). */
static enum chunk_state on_extension(struct http1_chunked *chunked, char ch)
{
    bool tchar = is_tchar[(unsigned char)ch];
    if (++chunked->line > HTTP_CHUNK_EXT_MAX)
        return CHUNK_BAD;
    switch (chunked->state) {
    case CHUNK_EXT_START: return tchar ? CHUNK_EXT_NAME : CHUNK_BAD;
    case CHUNK_EXT_NAME:
        return tchar ? CHUNK_EXT_NAME : ch == '=' ? CHUNK_EXT_VALUE : after_extension(ch);
    case CHUNK_EXT_VALUE: return ch == '"' ? CHUNK_EXT_QUOTED : tchar ? CHUNK_EXT_TOKEN : CHUNK_BAD;
    case CHUNK_EXT_TOKEN: return tchar ? CHUNK_EXT_TOKEN : after_extension(ch);
    case CHUNK_EXT_QUOTED:
        return ch == '"'     ? CHUNK_EXT_END
               : ch == '\\'  ? CHUNK_EXT_ESCAPE
               : is_text(ch) ? CHUNK_EXT_QUOTED
                             : CHUNK_BAD;
    case CHUNK_EXT_ESCAPE: return is_text(ch) ? CHUNK_EXT_QUOTED : CHUNK_BAD;
    default: return after_extension(ch);
    }
}

static enum chunk_state on_trailer(struct http1_chunked *chunked, char ch)
{
    if (++chunked->trailer > HTTP_TRAILER_MAX)
        return CHUNK_BAD;
    bool tchar = is_tchar[(unsigned char)ch];
    switch (chunked->state) {
    case CHUNK_TRAILER: return ch == '\r' ? CHUNK_END_LF : tchar ? CHUNK_TRAILER_NAME : CHUNK_BAD;
    case CHUNK_TRAILER_NAME:
        return tchar ? CHUNK_TRAILER_NAME : ch == ':' ? CHUNK_TRAILER_VALUE : CHUNK_BAD;
    case CHUNK_TRAILER_VALUE:
        return ch == '\r' ? CHUNK_TRAILER_LF : is_text(ch) ? CHUNK_TRAILER_VALUE : CHUNK_BAD;
    case CHUNK_TRAILER_LF: return ch == '\n' ? CHUNK_TRAILER : CHUNK_BAD;
    default: return ch == '\n' ? CHUNK_DONE : CHUNK_BAD;
    }
}

static enum chunk_state on_size_end(struct http1_chunked *chunked, char ch)
{
    if (ch != '\n')
        return CHUNK_BAD;
    chunked->digits = 0;
    chunked->total += chunked->left;
    return chunked->left ? CHUNK_DATA : CHUNK_TRAILER;
}

static enum chunk_state step(struct http1_chunked *chunked, char ch)
{
    switch ((enum chunk_state)chunked->state) {
    case CHUNK_SIZE: return on_size(chunked, ch);
    case CHUNK_EXT_START:
    case CHUNK_EXT_NAME:
    case CHUNK_EXT_VALUE:
    case CHUNK_EXT_TOKEN:
    case CHUNK_EXT_QUOTED:
    case CHUNK_EXT_ESCAPE:
    case CHUNK_EXT_END: return on_extension(chunked, ch);
    case CHUNK_SIZE_LF: return on_size_end(chunked, ch);
    case CHUNK_DATA_CR: return ch == '\r' ? CHUNK_DATA_LF : CHUNK_BAD;
    case CHUNK_DATA_LF: return ch == '\n' ? CHUNK_SIZE : CHUNK_BAD;
    case CHUNK_TRAILER:
    case CHUNK_TRAILER_NAME:
    case CHUNK_TRAILER_VALUE:
    case CHUNK_TRAILER_LF:
    case CHUNK_END_LF: return on_trailer(chunked, ch);
    case CHUNK_DATA:
    case CHUNK_DONE:
    case CHUNK_BAD: break;
    }
    return CHUNK_BAD;
}

enum http1_result http1_chunked_next(struct http1_chunked *chunked, struct str *bytes,
                                     struct str *data, enum reason *reason)
{
    assert(chunked->state != CHUNK_BAD); /* nothing behind it can be read */
    *data = (struct str){0};
    while (bytes->len && chunked->state != CHUNK_DONE) {
        if (chunked->state == CHUNK_DATA) {
            assert(chunked->left > 0);
            *data = str_take(*bytes, MIN(chunked->left, bytes->len));
            *bytes = str_skip(*bytes, data->len);
            chunked->left -= data->len;
            if (chunked->left == 0)
                chunked->state = CHUNK_DATA_CR;
            return HTTP1_MORE;
        }
        chunked->state = step(chunked, *bytes->ptr);
        *bytes = str_skip(*bytes, 1);
        if (chunked->state == CHUNK_BAD || chunked->total > chunked->total_max) {
            *reason = chunked->state == CHUNK_BAD ? R_BAD_REQUEST : R_BODY_TOO_LARGE;
            chunked->state = CHUNK_BAD;
            return HTTP1_BAD;
        }
    }
    return chunked->state == CHUNK_DONE ? HTTP1_DONE : HTTP1_MORE;
}
