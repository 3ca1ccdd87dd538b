/* From what people type to E.164, in two steps: clean it, then judge it.
 *
 * The forms of Saudi mobiles, which nearly everybody here has, are judged by hand: a few comparisons, and
 * exactly the slips that people make ("+966 05…"). All other numbers are the numbering plans' (the port
 * phone_plan.h), which must be international: what a local form of another country means, nobody can tell. */
#include "domain/accounts/phone.h"

#include <string.h>

#include "domain/accounts/phone_plan.h"

enum { CLEAN_MAX = 24 }; /* "+", "00" and 15 digits, and a typing slip or two */

struct str phone_str(const struct phone *phone)
{
    return str_of(phone->text, phone->len);
}

struct str phone_country(const struct phone *phone)
{
    return str_of(phone->country, sizeof(phone->country));
}

/* The next character and its length in bytes; 0 when it is cut or no UTF-8 worth looking at. */
static size_t next_char(struct str s, uint32_t *out)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (p[0] < 0x80) {
        *out = p[0];
        return 1;
    }
    if ((p[0] & 0xe0) == 0xc0 && s.len >= 2) {
        *out = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if ((p[0] & 0xf0) == 0xe0 && s.len >= 3) {
        *out = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return 3;
    }
    return 0;
}

/* ASCII for a digit or plus of any script we read; '\0' for anything else. */
static char as_ascii(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return (char)c;
    if (c >= 0x0660 && c <= 0x0669) /* Arabic-Indic */
        return (char)('0' + (c - 0x0660));
    if (c >= 0x06f0 && c <= 0x06f9) /* extended: Persian, Urdu */
        return (char)('0' + (c - 0x06f0));
    if (c >= 0xff10 && c <= 0xff19) /* full-width */
        return (char)('0' + (c - 0xff10));
    if (c == '+' || c == 0xff0b)
        return '+';
    return '\0';
}

/* Written between and around digits, meaning nothing: contact lists paste the direction marks
 * around the plus. */
static bool decorates(uint32_t c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '-':
    case '.':
    case '(':
    case ')':
    case '/':
    case 0x00a0:              /* no-break space */
    case 0x202f:              /* narrow no-break space */
    case 0x2010:              /* hyphens as word processors set them */
    case 0x2011:              /* non-breaking */
    case 0x2012:              /* figure dash */
    case 0x2013:              /* en dash */
    case 0x200b:              /* zero width space */
    case 0x200e:              /* left-to-right mark */
    case 0x200f:              /* right-to-left mark */
    case 0x061c:              /* Arabic letter mark */
    case 0xfeff: return true; /* byte order mark */
    default: return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    }
}

bool phone_clean(struct str typed, char *out, size_t out_len, size_t *len)
{
    if (typed.len > PHONE_TYPED_BYTES_MAX)
        return false;
    size_t n = 0;
    while (typed.len > 0) {
        uint32_t c = 0;
        size_t bytes = next_char(typed, &c);
        char ascii = as_ascii(c);
        if (bytes == 0 || (ascii == '\0' && !decorates(c)))
            return false;
        if (ascii != '\0') {
            if (n == out_len || (ascii == '+' && n > 0))
                return false;
            out[n++] = ascii;
        }
        typed = str_skip(typed, bytes);
    }
    assert(n <= out_len);
    *len = n;
    return true;
}

/* The nine digits after +966: 5(0|1|3|4|5|6|8|9)…, 57[0-8]…, 579[0-8]…. The prefixes that are left
 * out (052, 0579 9) are not allocated. */
static bool is_saudi_mobile(struct str national)
{
    if (national.len != 9 || national.ptr[0] != '5' || national.ptr[1] == '2')
        return false;
    return !str_starts(national, STR("5799"));
}

/* What is left when country code and trunk prefix are gone, or an empty view. */
static struct str saudi_national(struct str clean)
{
    struct str rest = clean;
    bool international = true;
    if (str_starts(rest, STR("+966")))
        rest = str_skip(rest, 4);
    else if (str_starts(rest, STR("00966")))
        rest = str_skip(rest, 5);
    else if (str_starts(rest, STR("966")))
        rest = str_skip(rest, 3);
    else
        international = false;
    if (rest.len == 10 && rest.ptr[0] == '0') /* "+966 05…": the slip is as common as the rule */
        return str_skip(rest, 1);
    return international || rest.len == 9 ? rest : (struct str){NULL, 0};
}

static void saudi_mobile(struct str national, struct phone *out)
{
    assert(national.len == 9);
    *out =
        (struct phone){.len = 4 + 9, .text = "+966", .country = {'S', 'A'}, .receives_sms = true};
    memcpy(out->text + 4, national.ptr, 9);
}

bool phone_parse(struct str typed, struct phone *out)
{
    char buffer[CLEAN_MAX];
    size_t len = 0;
    if (!phone_clean(typed, buffer, sizeof(buffer), &len))
        return false;
    struct str clean = str_of(buffer, len);

    struct str national = saudi_national(clean);
    if (is_saudi_mobile(national)) {
        saudi_mobile(national, out);
        return true;
    }

    char plus[CLEAN_MAX] = "+";
    if (str_starts(clean, STR("00"))) {
        memcpy(plus + 1, clean.ptr + 2, clean.len - 2);
        clean = str_of(plus, clean.len - 1);
    }
    if (!str_starts(clean, STR("+")) || clean.len < PHONE_LEN_MIN)
        return false;
    struct phone found;
    if (!phone_plan_parse(clean, &found) || found.len < PHONE_LEN_MIN)
        return false;
    assert(found.len <= PHONE_LEN_MAX && found.text[0] == '+');
    *out = found;
    return true;
}
