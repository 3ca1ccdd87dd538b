#include "runtime/base/json_scan.h"

#include "tests/test.h"

/* Members as "name=kind:value;", or "broken". */
static struct str scanned(const char *text, char *out, size_t out_len)
{
    struct json_scan scan = json_scan_begin(str_c(text));
    struct json_member m;
    size_t len = 0;
    while (json_scan_next(&scan, &m))
        len += (size_t)snprintf(out + len, out_len - len, "%.*s=%d:%.*s;", STR_FMT(m.name),
                                (int)m.kind, STR_FMT(m.value));
    return scan.complete ? str_of(out, len) : STR("broken");
}
#define SCANNED(text, expected)                                        \
    do {                                                               \
        char out_[512];                                                \
        CHECK_STR(scanned((text), out_, sizeof(out_)), STR(expected)); \
    } while (0)

TEST(members_come_in_order_with_their_kinds)
{
    SCANNED("{}", "");
    SCANNED(" { \"a\" : 1 , \"b\" : \"x\\\"y\" } \n", "a=1:1;b=0:x\\\"y;");
    SCANNED("{\"t\":true,\"f\":false,\"n\":null}", "t=2:true;f=3:false;n=4:null;");
    SCANNED("{\"n\":-0.5e+10}", "n=1:-0.5e+10;");
}

TEST(nested_values_are_passed_over_whole)
{
    SCANNED("{\"a\":{\"success\":true,\"x\":[1,[2,{}]]},\"b\":[]}",
            "a=5:{\"success\":true,\"x\":[1,[2,{}]]};b=6:[];");
}

TEST(what_breaks_the_grammar_is_broken)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "[]",
                                      "{",
                                      "{}x",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{\"a\":1 \"b\":2}",
                                      "{a:1}",
                                      "{\"a\":01}",
                                      "{\"a\":1.}",
                                      "{\"a\":+1}",
                                      "{\"a\":.5}",
                                      "{\"a\":1e}",
                                      "{\"a\":tru}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u12g4\"}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"x}",
                                      "{\"a\":[1}",
                                      "{\"a\":[1,]}",
                                      "{\"a\":{1:2}}",
                                      "{\"a\":{\"b\":1,}}",
                                      "{\"a\":[[1]}"};
    char out[512];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (str_eq(scanned(bad[i], out, sizeof(out)), STR("broken")))
            continue;
        test_fail(t, __FILE__, __LINE__, "accepted: %s", bad[i]);
        return;
    }
}

TEST(depth_is_bounded)
{
    char text[128] = "{\"a\":";
    size_t len = strlen(text);
    memset(text + len, '[', JSON_SCAN_DEPTH_MAX);
    memset(text + len + JSON_SCAN_DEPTH_MAX, ']', JSON_SCAN_DEPTH_MAX);
    text[len + 2 * JSON_SCAN_DEPTH_MAX] = '}';
    char out[512];
    CHECK(!str_eq(scanned(text, out, sizeof(out)), STR("broken")));
    memset(text + len, '[', JSON_SCAN_DEPTH_MAX + 1);
    memset(text + len + JSON_SCAN_DEPTH_MAX + 1, ']', JSON_SCAN_DEPTH_MAX + 1);
    text[len + 2 * JSON_SCAN_DEPTH_MAX + 2] = '}';
    CHECK_STR(scanned(text, out, sizeof(out)), STR("broken"));
}
