#include "domain/i18n/texts.h"

static const struct str texts[TEXT_COUNT][LANG_COUNT] = {
#define TEXT(name, en, ar) \
    [TEXT_##name] = {[LANG_EN] = {en, sizeof(en) - 1}, [LANG_AR] = {ar, sizeof(ar) - 1}},
#include "domain/i18n/texts.def"
#undef TEXT
};

struct str text_of(enum text text, enum lang lang)
{
    assert(text < TEXT_COUNT && lang < LANG_COUNT);
    return texts[text][lang];
}

struct str text_fill(struct arena *arena, enum text text, enum lang lang, const struct str *fills,
                     size_t fills_len)
{
    struct str rest = text_of(text, lang);
    struct strbuf out = strbuf_new(arena, rest.len + 32);
    ptrdiff_t open;
    while ((open = str_find_char(rest, '{')) >= 0) {
        struct str digit = str_take(str_skip(rest, (size_t)open + 1), 1);
        assert(digit.len == 1 && digit.ptr[0] >= '0' && digit.ptr[0] <= '9');
        size_t fill = (size_t)(digit.ptr[0] - '0');
        assert(fill < fills_len);
        strbuf_add(&out, str_take(rest, (size_t)open));
        strbuf_add(&out, fills[fill]);
        rest = str_skip(rest, (size_t)open + sizeof("{0}") - 1);
    }
    strbuf_add(&out, rest);
    return strbuf_str(&out);
}

static const struct str codes[LANG_COUNT] = {[LANG_AR] = {"ar-sa", 5}, [LANG_EN] = {"en", 2}};

struct str lang_code(enum lang lang)
{
    assert(lang < LANG_COUNT);
    return codes[lang];
}

bool lang_parse(struct str code, enum lang *out)
{
    for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
        if (!str_eq(code, codes[lang]))
            continue;
        *out = lang;
        return true;
    }
    return false;
}
