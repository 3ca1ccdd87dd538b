/* One code point at a time is enough: of these letters none decomposes into a mark that stays, so
 * nothing is ever put in another order. */
#include "domain/catalogue/fold.h"

#include <string.h>

enum { DROPPED = 0, SPACE = ' ', UNKNOWN = -1 };

static bool within(uint32_t ch, uint32_t first, uint32_t last)
{
    return ch >= first && ch <= last;
}

static int fold_ascii(uint32_t ch)
{
    if (within(ch, 'A', 'Z'))
        return (int)(ch + 32);
    return within(ch, 'a', 'z') || within(ch, '0', '9') ? (int)ch : SPACE;
}

/* Letters that decompose, or are spelled in several ways; 0: none of them. */
static uint32_t arabic_alias(uint32_t ch)
{
    switch (ch) {
    case 0x622: /* alef with madda, hamza above, hamza below, wasla */
    case 0x623:
    case 0x625:
    case 0x671: return 0x627;
    case 0x624: return 0x648; /* waw with hamza */
    case 0x626:               /* ya with hamza, alef maqsura, Farsi ya */
    case 0x649:
    case 0x6cc: return 0x64a;
    case 0x629: /* ta marbuta, heh doachashmee, heh goal and its form with hamza */
    case 0x6be:
    case 0x6c1:
    case 0x6c2: return 0x647;
    case 0x6a9: return 0x643; /* keheh */
    case 0x6c0: return 0x6d5; /* heh with ya above */
    case 0x6d3: return 0x6d2; /* ya barree with hamza */
    default: return 0;
    }
}

static bool is_arabic_mark(uint32_t ch)
{
    return within(ch, 0x610, 0x61a) || ch == 0x640 || within(ch, 0x64b, 0x65f) || ch == 0x670 ||
           within(ch, 0x6d6, 0x6dc) || within(ch, 0x6df, 0x6e8) || within(ch, 0x6ea, 0x6ed);
}

static bool is_arabic_punctuation(uint32_t ch)
{
    return ch == 0x60c || ch == 0x61b || ch == 0x61f || within(ch, 0x66a, 0x66d) || ch == 0x6d4;
}

static int fold_arabic(uint32_t ch)
{
    if (is_arabic_mark(ch))
        return DROPPED;
    if (is_arabic_punctuation(ch))
        return SPACE;
    if (within(ch, 0x660, 0x669))
        return (int)('0' + ch - 0x660);
    if (within(ch, 0x6f0, 0x6f9))
        return (int)('0' + ch - 0x6f0);
    if (within(ch, 0x675, 0x678)) /* a letter and a high hamza: two come out of one */
        return UNKNOWN;
    uint32_t alias = arabic_alias(ch);
    return (int)(alias ? alias : ch);
}

static int fold_one(uint32_t ch)
{
    if (ch < 0x80)
        return ch ? fold_ascii(ch) : UNKNOWN;
    if (within(ch, 0x600, 0x6ff))
        return fold_arabic(ch);
    if (within(ch, 0x200b, 0x200f) || within(ch, 0x202a, 0x202e) || within(ch, 0x2066, 0x2069) ||
        ch == 0xfeff)
        return DROPPED;
    return UNKNOWN;
}

static uint32_t decode(const char *at, size_t len)
{
    const unsigned char *p = (const unsigned char *)at;
    switch (len) {
    case 1: return p[0];
    case 2: return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    case 3: return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    default:
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    }
}

bool search_fold(struct arena *arena, struct str in, struct str *out)
{
    struct strbuf folded = strbuf_new(arena, in.len + 1);
    bool space = false; /* one is due before the next letter */
    while (in.len > 0) {
        size_t n = str_utf8_next(in);
        int ch = n ? fold_one(decode(in.ptr, n)) : UNKNOWN;
        if (ch == UNKNOWN)
            return false;
        in = str_skip(in, n);
        if (ch == SPACE)
            space = folded.len > 0;
        if (ch == SPACE || ch == DROPPED)
            continue;
        if (space)
            strbuf_add_char(&folded, ' ');
        space = false;
        if (ch >= 0x80) /* a letter of the Arabic block */
            strbuf_add_char(&folded, (char)(0xc0 | ch >> 6));
        strbuf_add_char(&folded, (char)(ch < 0x80 ? ch : 0x80 | (ch & 0x3f)));
    }
    *out = strbuf_str(&folded);
    return true;
}
