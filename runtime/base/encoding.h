/* runtime/base/encoding.h - bytes as text and back: hex, base64url, percent, UUID.
 *
 * Decoding is strict: of two spellings of the same bytes one is refused, but for the case of hex digits.
 * Waits: never. What takes an arena allocates from it and from nowhere else. */
#pragma once
#include "runtime/base/str.h"

int hex_digit(char c); /* of either case; -1: it is none */
struct str hex_encode(struct arena *arena, const uint8_t *bytes, size_t len); /* lower case */
void hex_encode_into(char *out, const uint8_t *bytes, size_t len);            /* 2 * len bytes */
/* Either case. False, unless `in` is exactly twice as long. */
bool hex_decode_into(struct str in, uint8_t *out, size_t len);
/* base64url without padding (RFC 4648 §5). Decoding refuses padding, stray bits and other bytes. */
struct str base64url_encode(struct arena *arena, const uint8_t *bytes, size_t len);
bool base64url_decode(struct arena *arena, struct str in, struct str *out);
/* Without an arena: exactly `out_len` bytes come out, else false. */
size_t base64url_decoded_len(struct str in);
bool base64url_decode_into(struct str in, uint8_t *out, size_t out_len);

/* Percent-decodes; `plus_is_space` as forms write it. False: a malformed escape, a NUL, or the
 * result is not UTF-8. Without anything to decode `*out` is `in` itself. */
bool percent_decode(struct arena *arena, struct str in, bool plus_is_space, struct str *out);

/* 128 random or given bits; printed as 8-4-4-4-12 lower-case hex (RFC 9562). */
struct uuid {
    uint8_t bytes[16];
};
enum { UUID_TEXT_LEN = 36 };
bool uuid_parse(struct str text, struct uuid *out); /* either case; exactly 36 bytes */
void uuid_format(struct uuid id, char out[UUID_TEXT_LEN]);
bool uuid_eq(struct uuid a, struct uuid b);
