/* The table as a tree of segments, built once. Matching walks it without allocating or backing up: among
 * siblings a text wins over a pattern, and a path that then leads nowhere is not tried again by the pattern
 * (/salons/mine/ is never a salon of that id). So a match costs one comparison per sibling and segment, and two
 * routes can only be confused where router_new asserts. */
#include "server/http/router.h"

#include <string.h>

#include "runtime/base/encoding.h"
#include "server/http/method.h"

enum segment_kind { SEGMENT_TEXT, SEGMENT_ID, SEGMENT_UUID, SEGMENT_NAME };

struct node {
    enum segment_kind kind;
    struct str text;
    struct node *child, *sibling;
    const struct route *routes[HTTP_METHOD_COUNT];
    uint32_t allow;
};

struct router {
    struct arena *arena;
    const struct route *table;
    size_t len;
    struct node root;
};

static enum segment_kind segment_kind(struct str segment)
{
    if (str_eq(segment, STR("{id}")))
        return SEGMENT_ID;
    if (str_eq(segment, STR("{uuid}")))
        return SEGMENT_UUID;
    if (str_eq(segment, STR("{name}")))
        return SEGMENT_NAME;
    assert(segment.len && segment.ptr[0] != '{');
    return SEGMENT_TEXT;
}

/* Texts stand before patterns among siblings: "/me/" wins over "/{id}/". */
static struct node *node_child(struct router *router, struct node *parent, struct str segment)
{
    enum segment_kind kind = segment_kind(segment);
    struct node **at = &parent->child;
    for (; *at; at = &(*at)->sibling) {
        if ((*at)->kind == kind && (kind != SEGMENT_TEXT || str_eq((*at)->text, segment)))
            return *at;
        if ((*at)->kind > kind)
            break;
    }
    struct node *node = arena_new(router->arena, struct node);
    *node = (struct node){.kind = kind, .text = segment, .sibling = *at};
    *at = node;
    return node;
}

/* Without the leading slash and, when there is one, the last. */
static struct str inner(struct str path)
{
    assert(path.len && path.ptr[0] == '/');
    path = str_skip(path, 1);
    if (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

static void add(struct router *router, const struct route *route)
{
    struct str rest = inner(str_c(route->pattern)), segment;
    struct node *node = &router->root;
    while (str_split(&rest, '/', &segment))
        node = node_child(router, node, segment);
    assert(rest.len == 0 && !node->routes[route->method]);
    assert(str_ends(str_c(route->pattern), STR("/")));
    assert(route->method != HTTP_HEAD && route->method != HTTP_OPTIONS);
    node->routes[route->method] = route;
    node->allow |= 1u << route->method | 1u << HTTP_OPTIONS;
    if (route->method == HTTP_GET) {
        node->routes[HTTP_HEAD] = route;
        node->allow |= 1u << HTTP_HEAD;
    }
}

struct router *router_new(struct arena *arena, const struct route *table, size_t len)
{
    struct router *router = arena_new(arena, struct router);
    *router = (struct router){.arena = arena, .table = table, .len = len};
    for (size_t i = 0; i < len; i++)
        add(router, &table[i]);
    return router;
}

/* Positive, no leading zero: one id has one spelling. */
static bool parse_id(struct str segment, int64_t *out)
{
    return segment.len && segment.ptr[0] >= '1' && segment.ptr[0] <= '9' &&
           str_to_int64(segment, out);
}

struct captures {
    int64_t ids[ROUTE_IDS_MAX];
    struct uuid uuid;
    struct str name;
    size_t ids_len;
};

static bool segment_matches(const struct node *node, struct str segment, struct captures *caught)
{
    switch (node->kind) {
    case SEGMENT_TEXT: return str_eq(node->text, segment);
    case SEGMENT_ID:
        return caught->ids_len < ROUTE_IDS_MAX && parse_id(segment, &caught->ids[caught->ids_len]);
    case SEGMENT_UUID: return uuid_parse(segment, &caught->uuid);
    case SEGMENT_NAME: caught->name = segment; return segment.len > 0;
    }
    return false;
}

static const struct node *walk(const struct router *router, struct str path,
                               struct captures *caught)
{
    if (str_ends(path, STR("//")))
        return NULL;
    const struct node *node = &router->root;
    for (struct str rest = inner(path); node && rest.len;) {
        ptrdiff_t slash = str_find_char(rest, '/');
        struct str segment = slash < 0 ? rest : str_take(rest, (size_t)slash);
        rest = slash < 0 ? (struct str){0} : str_skip(rest, (size_t)slash + 1);
        node = node->child;
        while (node && !segment_matches(node, segment, caught))
            node = node->sibling;
        if (node && node->kind == SEGMENT_ID)
            caught->ids_len++;
    }
    return node;
}

void router_match(const struct router *router, enum http_method method, struct str path,
                  struct route_match *out)
{
    assert(method < HTTP_METHOD_COUNT);
    *out = (struct route_match){0};
    if (path.len == 0 || path.ptr[0] != '/')
        return;
    struct captures caught = {0};
    const struct node *node = walk(router, path, &caught);
    if (!node)
        return;
    out->allow = node->allow;
    out->route = node->routes[method];
    if (out->route)
        assert(node->allow >> method & 1);
    out->uuid = caught.uuid;
    out->name = caught.name;
    memcpy(out->ids, caught.ids, sizeof(out->ids));
}

struct str router_allow(struct arena *arena, uint32_t allow)
{
    struct strbuf out = strbuf_new(arena, 64);
    for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++) {
        if (!(allow >> method & 1))
            continue;
        if (out.len)
            strbuf_add(&out, STR(", "));
        strbuf_add(&out, http_method_name(method));
    }
    return strbuf_str(&out);
}

size_t router_index(const struct router *router, const struct route *route)
{
    assert(route >= router->table && route < router->table + router->len);
    return (size_t)(route - router->table);
}
