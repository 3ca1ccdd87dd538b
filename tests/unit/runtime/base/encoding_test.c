#include "runtime/base/encoding.h"

#include "runtime/base/clock.h"
#include "tests/test.h"
#include "tests/unit/fakes/arena_fixture.h"

TEST(base64url_follows_rfc_4648)
{
    static const char *const rows[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"},
    };
    ARENA_FIXTURE(f);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str plain = str_c(rows[i][0]), out;
        CHECK_STR(base64url_encode(&f.arena, (const uint8_t *)plain.ptr, plain.len),
                  str_c(rows[i][1]));
        CHECK(base64url_decode(&f.arena, str_c(rows[i][1]), &out));
        CHECK_STR(out, plain);
    }
}

TEST(base64url_refuses_every_second_spelling)
{
    static const char *const rows[] = {"Zg==",
                                       "Zg=",
                                       "Z",
                                       "Zm9vY",
                                       "Zh",
                                       "Zm9",
                                       "Zm+v",
                                       "Zm/v",
                                       "Zm 9v",
                                       "Zm9v\n",
                                       "Zm9v.",
                                       "\xd9\x85"
                                       "aa"};
    ARENA_FIXTURE(f);
    struct str out = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (base64url_decode(&f.arena, str_c(rows[i]), &out))
            test_fail(t, __FILE__, __LINE__, "took \"%s\"", rows[i]);
    }
    CHECK(out.ptr == NULL);
}

TEST(base64url_round_trips)
{
    ARENA_FIXTURE(f);
    uint8_t bytes[100];
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        clock_system.random(&clock_system, bytes, len);
        struct str text = base64url_encode(&f.arena, bytes, len), out;
        CHECK(base64url_decode(&f.arena, text, &out));
        CHECK_STR(out, str_of((char *)bytes, len));
    }
}

TEST(hex_is_lower_case)
{
    ARENA_FIXTURE(f);
    CHECK_STR(hex_encode(&f.arena, (const uint8_t *)"\x00\xab\xff", 3), STR("00abff"));
}

TEST(hex_of_either_case_is_read_exactly)
{
    uint8_t bytes[3] = {0};
    CHECK(hex_decode_into(STR("00aBFf"), bytes, 3));
    CHECK(memcmp(bytes, "\x00\xab\xff", 3) == 0);
    static const char *const bad[] = {"00aBF", "00aBFf0", "00aBFg", "00 BFf", "0x0011", ""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!hex_decode_into(str_c(bad[i]), bytes, 3));
    for (int c = 0; c < 256; c++) {
        const char *at = c ? strchr("0123456789abcdefABCDEF", c) : NULL;
        int expected = !at ? -1 : c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        CHECK_INT(hex_digit((char)c), expected);
    }
}

TEST(percent_signs_are_decoded)
{
    ARENA_FIXTURE(f);
    struct str out;
    CHECK(percent_decode(&f.arena, STR("a%2fb%2F+%D8%b3"), false, &out));
    CHECK_STR(out, STR("a/b/+س"));
    CHECK(percent_decode(&f.arena, STR("a+%2B"), true, &out));
    CHECK_STR(out, STR("a +"));
    struct str plain = STR("سلام+");
    CHECK(percent_decode(&f.arena, plain, false, &out) && out.ptr == plain.ptr);
    static const char *const bad[] = {"%",   "%2",  "a%2", "%g0",  "%0g",
                                      "%00", "%ff", "%D8", "%%20", "\xff"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!percent_decode(&f.arena, str_c(bad[i]), false, &out));
}

TEST(uuid_text_round_trips)
{
    struct uuid id, again;
    char text[UUID_TEXT_LEN];
    CHECK(uuid_parse(STR("F81D4FAE-7dec-11d0-a765-00a0c91e6bf6"), &id));
    uuid_format(id, text);
    CHECK_STR(str_of(text, sizeof(text)), STR("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
    CHECK(uuid_parse(str_of(text, sizeof(text)), &again) && uuid_eq(id, again));
    again.bytes[15] ^= 1;
    CHECK(!uuid_eq(id, again));
}

TEST(uuid_refuses_other_texts)
{
    static const char *const rows[] = {
        "",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf66",
        "f81d4fae7dec-11d0-a765-00a0c91e6bf6-",
        "{81d4fae-7dec-11d0-a765-00a0c91e6bf}",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bg6",
        "f81d4fae 7dec 11d0 a765 00a0c91e6bf6",
    };
    struct uuid id;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (uuid_parse(str_c(rows[i]), &id))
            test_fail(t, __FILE__, __LINE__, "took \"%s\"", rows[i]);
    }
}
