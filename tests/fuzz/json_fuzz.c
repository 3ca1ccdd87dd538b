/* The one reader, walked raw and by a table: both agree on what JSON is and where it ceases to be, what
 * is decoded obeys its field and is written as it was read, and what is refused says so in JSON. */
#include "runtime/base/json.h"

#include <string.h>

#include "runtime/base/json_text.h"
#include "server/http/errors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct body {
    struct str name;
    struct json_str email;
    struct json_int count, kind;
    struct json_bool sure;
    struct json_instant at;
    struct json_uuid id;
    struct json_ints ids;
    struct json_objects hours;
    struct policy {
        struct json_object here;
        struct json_decimal share;
    } policy;
    struct json_int one;
    struct json_ints both;
};
struct hour {
    struct json_int weekday, opens;
};
static const struct json_field hour_fields[] = {
    {"weekday", JSON_INT, JSON_REQUIRED, offsetof(struct hour, weekday), 0, 6},
    {"opens", JSON_CLOCK, 0, offsetof(struct hour, opens), 0, 2880},
};
static const struct json_shape hour_shape = JSON_SHAPE(hour_fields, struct hour);
static const struct json_field policy_fields[] = {
    {"share", JSON_DECIMAL, JSON_NULLABLE, offsetof(struct policy, share), -1, 1},
};
static const struct json_shape policy_shape = JSON_SHAPE(policy_fields, struct policy);
static const char *const kinds[] = {"sms", "whatsapp", NULL};
static const struct json_field fields[] = {
    {"name", JSON_STRING, JSON_REQUIRED, offsetof(struct body, name), 2, 50, NULL},
    {"email", JSON_STRING_OR_NULL, JSON_NULLABLE, offsetof(struct body, email), 0, 0, NULL},
    {"count", JSON_INT, JSON_NULLABLE, offsetof(struct body, count), -5, 10, NULL},
    {"kind", JSON_CHOICE, 0, offsetof(struct body, kind), 0, 0, kinds},
    {"sure", JSON_BOOL, 0, offsetof(struct body, sure), 0, 0, NULL},
    {"at", JSON_INSTANT, 0, offsetof(struct body, at), 0, 0, NULL},
    {"id", JSON_UUID, 0, offsetof(struct body, id), 0, 0, NULL},
    {"ids", JSON_INTS, JSON_NULLABLE, offsetof(struct body, ids), 1, 9, .items_max = 4},
    {"hours", JSON_OBJECTS, 0, offsetof(struct body, hours), .shape = &hour_shape, .items_max = 4},
    {"policy", JSON_OBJECT, JSON_NULLABLE, offsetof(struct body, policy), .shape = &policy_shape},
    {"one", JSON_INT, JSON_REQUIRED | JSON_QUOTED_TOO, offsetof(struct body, one), .form = 1},
    {"both", JSON_INTS, JSON_REQUIRED, offsetof(struct body, both), .items_max = 4, .form = 2},
};

static void check_parts(const struct body *body)
{
    assert(body->ids.len <= 4 && body->hours.len <= 4);
    for (size_t i = 0; i < body->ids.len; i++)
        assert(body->ids.v[i] >= 1 && body->ids.v[i] <= 9);
    const struct hour *hours = body->hours.items;
    for (size_t i = 0; i < body->hours.len; i++) {
        assert(hours[i].weekday.set && hours[i].weekday.v >= 0 && hours[i].weekday.v <= 6);
        assert(hours[i].opens.v >= 0 && hours[i].opens.v <= 2880);
    }
    if (body->policy.share.set && !body->policy.share.null)
        assert(body->policy.share.v >= -1 && body->policy.share.v <= 1);
}

/* The whole text, value by value, as no table does. */
static void walk(struct json_text *r)
{
    struct json_level level;
    struct str text;
    bool whole;
    switch (json_text_peek(r)) {
    case '{':
        if (json_text_enter(r, '{', &level))
            while (json_text_next_key(r, &level, &text))
                walk(r);
        break;
    case '[':
        if (json_text_enter(r, '[', &level))
            while (json_text_next(r, &level))
                walk(r);
        break;
    case '"':
        if (json_text_string(r, &text))
            assert(str_is_utf8(text) && (!text.len || !memchr(text.ptr, '\0', text.len)));
        break;
    default:
        if (json_text_peek(r) == '-' || (json_text_peek(r) >= '0' && json_text_peek(r) <= '9'))
            (void)json_text_number(r, &text, &whole);
        else
            (void)json_text_skip(r);
    }
}

static bool walked(struct arena *arena, struct str text, size_t *at)
{
    struct json_text r;
    json_text_begin(&r, arena, text);
    if (!r.broken)
        walk(&r);
    bool fine = json_text_end(&r);
    *at = json_text_at(&r);
    assert(*at <= text.len && fine == !r.broken && (!fine || r.depth == 0));
    return fine;
}

static bool skipped(struct arena *arena, struct str text, size_t *at)
{
    struct json_text r;
    json_text_begin(&r, arena, text);
    if (!r.broken)
        (void)json_text_skip(&r);
    bool fine = json_text_end(&r);
    *at = json_text_at(&r);
    return fine;
}

static void check_body(struct arena *arena, const struct body *body)
{
    assert(str_is_utf8(body->name) && str_utf8_len(body->name) >= 2);
    assert(str_utf8_len(body->name) <= 50 && !memchr(body->name.ptr, '\0', body->name.len));
    if (body->count.set && !body->count.null)
        assert(body->count.v >= -5 && body->count.v <= 10);
    if (body->kind.set)
        assert(body->kind.v == 0 || body->kind.v == 1);
    assert(!(body->one.set && !body->one.null && body->both.set));
    check_parts(body);
    /* What was read can be written, and read again as the same. */
    struct strbuf text = strbuf_new(arena, 64);
    struct json_writer w = json_writer_on(&text);
    json_object_begin(&w, NULL);
    json_put_str(&w, "name", body->name);
    json_put_int(&w, "one", 1);
    json_object_end(&w);
    struct body again;
    struct json_wrong wrong;
    bool fine = JSON_DECODE(arena, strbuf_str(&text), fields, &again, &wrong);
    assert(fine && str_eq(again.name, body->name));
}

/* The error that a client gets is JSON in which no name stands twice. */
static void check_refusal(struct ctx *c, struct str text)
{
    static struct header type = {STR("content-type"), STR("application/json")};
    struct request req = {.headers = &type, .headers_len = 1, .body = text};
    struct response res = {0};
    struct body body;
    size_t at;
    enum err err = REQUEST_JSON(c, &req, fields, &body);
    assert(err == ERR_INVALID);
    error_respond(c, NULL, &res, err);
    assert(walked(c->arena, strbuf_str(&res.body), &at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena_pool pool;
    if (!pool.block_bytes)
        arena_pool_init(&pool, 16384, 64);
    struct arena arena;
    struct ctx c;
    struct body body;
    struct json_wrong wrong;
    size_t walked_at, skipped_at;
    arena_begin(&arena, &pool);
    ctx_init(&c, &arena, &clock_system);
    /* A copy of its own, so that reading one byte too far is seen. */
    char *copy = arena_push_bytes(&arena, size + 1);
    memcpy(copy, data, size);
    struct str text = str_of(copy, size);
    bool json = walked(&arena, text, &walked_at);
    assert(json == skipped(&arena, text, &skipped_at) && walked_at == skipped_at);
    bool fine = JSON_DECODE(&arena, text, fields, &body, &wrong);
    if (fine)
        check_body(&arena, &body);
    else
        check_refusal(&c, text);
    /* A table reads what is JSON and an object. */
    if (!json)
        assert(wrong.broken && wrong.at <= walked_at);
    else
        assert(!wrong.broken || text.ptr[wrong.at] != '{');
    arena_end(&arena);
    return 0;
}
