/* JSON bodies: what is decoded obeys its field, what is refused says so in JSON of our own. */
#include "server/http/json.h"

#include <string.h>

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

static void check_body(struct ctx *c, const struct body *body)
{
    assert(str_is_utf8(body->name) && str_utf8_len(body->name) >= 2);
    assert(str_utf8_len(body->name) <= 50 && !memchr(body->name.ptr, '\0', body->name.len));
    if (body->count.set && !body->count.null)
        assert(body->count.v >= -5 && body->count.v <= 10);
    if (body->kind.set)
        assert(body->kind.v == 0 || body->kind.v == 1);
    check_parts(body);
    /* What was read can be written, and read again as the same. */
    struct strbuf text = strbuf_new(c->arena, 64);
    struct json_writer w = json_writer_on(&text);
    json_object_begin(&w, NULL);
    json_put_str(&w, "name", body->name);
    json_object_end(&w);
    struct body again;
    enum err err = json_decode(c, strbuf_str(&text), fields, ARRAY_LEN(fields), &again);
    assert(err == OK && str_eq(again.name, body->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena_pool pool;
    if (!pool.block_bytes)
        arena_pool_init(&pool, 16384, 64);
    struct arena arena;
    struct ctx c;
    struct body body;
    arena_begin(&arena, &pool);
    ctx_init(&c, &arena, &clock_system);
    /* A copy of its own, so that reading one byte too far is seen. */
    char *text = arena_push_bytes(&arena, size + 1);
    memcpy(text, data, size);
    enum err err = json_decode(&c, str_of(text, size), fields, ARRAY_LEN(fields), &body);
    if (err == OK)
        check_body(&c, &body);
    else
        assert(c.refusal.reason == R_MALFORMED_JSON || c.refusal.problems_len > 0);
    arena_end(&arena);
    return 0;
}
