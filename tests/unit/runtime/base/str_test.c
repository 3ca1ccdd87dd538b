#include "runtime/base/str.h"

#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "tests/test.h"
#include "tests/unit/fakes/arena_fixture.h"

TEST(str_compares)
{
    CHECK(str_eq(STR("abc"), STR("abc")) && !str_eq(STR("abc"), STR("abd")));
    CHECK(!str_eq(STR("abc"), STR("ab")) && str_eq(STR(""), (struct str){0}));
    CHECK(str_eq_nocase(STR("Content-LENGTH"), STR("content-length")));
    CHECK(!str_eq_nocase(STR("["), STR("{"))); /* differ in the bit that makes case of letters */
    CHECK(!str_eq_nocase(STR("\xd0"), STR("\xf0")));
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char x = (char)a, y = (char)b;
            bool letters = (a >= 'A' && a <= 'Z' && b == a + 32) ||
                           (b >= 'A' && b <= 'Z' && a == b + 32);
            CHECK_INT(str_eq_nocase(str_of(&x, 1), str_of(&y, 1)), a == b || letters);
        }
    }
    CHECK(str_starts(STR("/api/x"), STR("/api")) && !str_starts(STR("/ap"), STR("/api")));
    CHECK(str_starts_nocase(STR("BEARER x"), STR("bearer ")));
    CHECK(str_ends(STR("a.lua"), STR(".lua")) && !str_ends(STR("lua"), STR(".lua")));
    CHECK(str_eq(str_c(NULL), STR("")) && str_eq(str_c("x"), STR("x")));
}

TEST(str_finds_and_cuts)
{
    CHECK_INT(str_find_char(STR("a=b=c"), '='), 1);
    CHECK_INT(str_find_char((struct str){0}, '='), -1);
    CHECK_INT(str_find(STR("aabaac"), STR("aac")), 3);
    CHECK_INT(str_find(STR("aa"), STR("aaa")), -1);
    CHECK_INT(str_find((struct str){0}, STR("")), 0);
    CHECK_STR(str_skip(STR("abc"), 1), STR("bc"));
    CHECK_STR(str_skip(STR("abc"), 9), STR(""));
    CHECK_STR(str_take(STR("abc"), 9), STR("abc"));
    CHECK_STR(str_trim(STR(" \t a b\t ")), STR("a b"));
    CHECK_STR(str_trim(STR(" \t ")), STR(""));
}

TEST(str_split_gives_every_part)
{
    struct str rest = STR("a,,bc"), part;
    CHECK(str_split(&rest, ',', &part));
    CHECK_STR(part, STR("a"));
    CHECK(str_split(&rest, ',', &part));
    CHECK_STR(part, STR(""));
    CHECK(str_split(&rest, ',', &part));
    CHECK_STR(part, STR("bc"));
    CHECK(!str_split(&rest, ',', &part));
}

TEST(numbers_are_read_strictly)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"--1", false, 0},
        {"+5", false, 0},
        {" 5", false, 0},
        {"5 ", false, 0},
        {"5,5", false, 0},
        {"0x5", false, 0},
        {"\xd9\xa5", false, 0}, /* Arabic-Indic five */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t n = 0;
        CHECK_INT(str_to_int64(str_c(rows[i].text), &n), rows[i].ok);
        CHECK_INT(n, rows[i].value);
    }
    uint64_t n;
    CHECK(str_to_uint64(STR("18446744073709551615"), &n) && n == UINT64_MAX);
    CHECK(!str_to_uint64(STR("18446744073709551616"), &n) && !str_to_uint64(STR("-1"), &n));
}

TEST(utf8_is_checked_to_the_letter)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"", true},
        {"plain ascii, longer than eight", true},
        {"\xd9\x85\xd9\x88\xd8\xb9\xd8\xaf", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true}, /* U+D7FF, the last before the surrogates */
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},      /* U+10FFFF */
        {"\xc0\x80", false},             /* overlong NUL */
        {"\xc1\xbf", false},             /* overlong */
        {"\xe0\x9f\xbf", false},         /* overlong */
        {"\xf0\x8f\xbf\xbf", false},     /* overlong */
        {"\xed\xa0\x80", false},         /* surrogate */
        {"\xed\xbf\xbf", false},         /* surrogate */
        {"\xf4\x90\x80\x80", false},     /* over U+10FFFF */
        {"\xf5\x80\x80\x80", false},     /* no such lead */
        {"\xf8\x88\x80\x80\x80", false}, /* five bytes */
        {"\xff", false},
        {"\x80", false},         /* no lead */
        {"\xd9", false},         /* cut */
        {"\xe2\x82", false},     /* cut */
        {"\xf0\x9f\x98", false}, /* cut */
        {"\xd9g", false},        /* not continued */
        {"\xe2\x82g", false},
        {"\xf0\x9f\x98g", false},
        {"12345678\xd9", false},   /* behind the fast path */
        {"1234567\xd9\x85", true}, /* across it */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (str_is_utf8(str_c(rows[i].text)) != rows[i].ok)
            test_fail(t, __FILE__, __LINE__, "row %zu", i);
    }
    CHECK(str_is_utf8(STR("a\0b")));
    CHECK_INT(str_utf8_len(STR("\xd9\x85x\xf0\x9f\x98\x80")), 3);
    CHECK_INT(str_utf8_next(STR("\xd9\x85x")), 2);
    CHECK_INT(str_utf8_next(STR("\x85x")), 0);
}

TEST(one_line_has_nothing_that_moves_the_pen)
{
    static const char *const lines[] = {"",
                                        "صالون الورد",
                                        "a\u00a0b",
                                        "a\u200fb\u200e",
                                        "a\u2027b\u202f",
                                        "\u2065\u206a",
                                        "\xe2\x80\xa0\xf0\x9f\x98\x80"};
    static const char *const others[] = {"a\nb",     "\t",        "\x7f",   "a\x1b[31m",
                                         "\xc2\x80", "a\xc2\x9f", "\u2028", "\u2029",
                                         "a\u202ab", "b\u202e",   "\u2066", "\u2069"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        CHECK(str_is_one_line(str_c(lines[i])));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        CHECK(!str_is_one_line(str_c(others[i])));
    CHECK(!str_is_one_line(STR("a\0b")));
    CHECK(str_is_one_line(STR("\xe2\x80"))); /* cut: no mark yet, and no byte behind it is read */
}

TEST(copies_are_terminated)
{
    ARENA_FIXTURE(f);
    char *c = str_to_c(&f.arena, str_take(STR("abcdef"), 3));
    CHECK_INT(strlen(c), 3);
    struct str s = str_copy(&f.arena, (struct str){0});
    CHECK(s.len == 0 && s.ptr[0] == '\0');
    CHECK_STR(str_printf(&f.arena, "%s-%05d", "x", 42), STR("x-00042"));
}

TEST(constant_time_compare_is_right)
{
    CHECK(str_eq_constant_time(STR("secret"), STR("secret")));
    CHECK(!str_eq_constant_time(STR("secret"), STR("secreT")));
    CHECK(!str_eq_constant_time(STR("Secret"), STR("secret")));
    CHECK(!str_eq_constant_time(STR("secre"), STR("secret")));
    CHECK(str_eq_constant_time(STR(""), STR("")));
    /* Differences that cancel under XOR of all bytes must not. */
    CHECK(!str_eq_constant_time(STR("\x01\x01"), STR("\x02\x02")));
}

TEST(wiped_memory_is_zero)
{
    char secret[8] = "secret!";
    mem_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        CHECK_INT(secret[i], 0);
}

static bool leave(char *bytes, size_t len, bool early)
{
    struct str secret SCOPED(secret_wipe) = str_of(bytes, len);
    if (early)
        return false;
    return str_eq(secret, STR("secret!"));
}

TEST(a_secret_is_gone_on_every_way_out_of_its_scope)
{
    for (int early = 0; early < 2; early++) {
        char bytes[8] = "secret!";
        CHECK_INT(leave(bytes, 7, early), !early);
        for (size_t i = 0; i < sizeof(bytes); i++)
            CHECK_INT(bytes[i], 0);
    }
    struct str none = {0};
    secret_wipe(&none);
}

TEST(strbuf_grows_and_keeps_what_it_has)
{
    ARENA_FIXTURE(f);
    struct strbuf b = strbuf_new(&f.arena, 4);
    for (int i = 0; i < 1000; i++)
        strbuf_add_int(&b, i % 10);
    strbuf_add_char(&b, '|');
    strbuf_add(&b, STR("end"));
    strbuf_addf(&b, "%d%s", 42, "x");
    memcpy(strbuf_reserve(&b, 3), "abc", 3);
    b.len += 3;
    struct str s = strbuf_str(&b);
    CHECK_INT(s.len, 1000 + 4 + 3 + 3);
    CHECK_STR(str_take(s, 12), STR("012345678901"));
    CHECK_STR(str_skip(s, 1000), STR("|end42xabc"));
}

TEST(strbuf_at_the_tip_grows_in_place)
{
    ARENA_FIXTURE(f);
    struct strbuf b = strbuf_new(&f.arena, 16);
    char *before = b.ptr;
    for (int i = 0; i < 500; i++)
        strbuf_add_char(&b, 'x');
    CHECK(b.ptr == before);
    arena_push(&f.arena, 8); /* no longer the newest */
    for (int i = 0; i < 100; i++)
        strbuf_add_char(&b, 'y');
    CHECK(b.ptr != before);
    CHECK_INT(b.len, 600);
    CHECK_STR(str_take(str_skip(strbuf_str(&b), 498), 4), STR("xxyy"));
}

TEST(strbuf_prints_extreme_integers)
{
    ARENA_FIXTURE(f);
    struct strbuf b = {.arena = &f.arena}; /* a zeroed one with an arena works too */
    strbuf_add_int(&b, INT64_MIN);
    strbuf_add_char(&b, ' ');
    strbuf_add_int(&b, INT64_MAX);
    CHECK_STR(strbuf_str(&b), STR("-9223372036854775808 9223372036854775807"));
    struct strbuf empty = {.arena = &f.arena};
    strbuf_addf(&empty, "%s", "made by printf alone");
    CHECK_STR(strbuf_str(&empty), STR("made by printf alone"));
}
