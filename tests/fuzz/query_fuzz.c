/* Query strings, Accept-Language, X-Forwarded-For, CIDR: small readers of outside bytes. */
#include "server/http/query.h"

#include <string.h>

#include "runtime/io.h"
#include "server/http/middleware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_query(struct ctx *c, struct str text)
{
    struct request req = {.query = text};
    struct str value;
    struct page page;
    if (!query_is_sane(c->arena, text))
        return;
    static const struct str names[] = {{"q", 1}, {"limit", 5}, {"", 0}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (query_find(c, &req, names[i], &value))
            assert(value.len <= text.len && str_is_utf8(value));
    if (query_page(c, &req, &page) == OK)
        assert(page.limit >= 1 && page.limit <= 100);
}

static void fuzz_address(struct str text)
{
    char out[IO_ADDR_TEXT_MAX];
    struct cidr_list trusted = {.len = 1};
    struct ip ip;
    bool fine = cidr_parse(STR("10.0.0.0/8"), &trusted.items[0]);
    assert(fine);
    struct header header = {STR("X-Forwarded-For"), text};
    struct str found = client_address(&trusted, STR("10.0.0.1"), &header, 1, out);
    assert(ip_parse(found, &ip)); /* whatever was sent, the result is an address */
    (void)cidr_parse(text, &trusted.items[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena_pool pool;
    if (!pool.block_bytes)
        arena_pool_init(&pool, 16384, 64);
    if (size == 0)
        return 0;
    struct arena arena;
    struct ctx c;
    enum lang lang;
    arena_begin(&arena, &pool);
    ctx_init(&c, &arena, &clock_system);
    struct str text = str_of((const char *)data + 1, size - 1);
    switch (data[0] % 4) {
    case 0: fuzz_query(&c, text); break;
    case 1: (void)language_parse(text, &lang); break;
    case 2: fuzz_address(text); break;
    default: (void)request_id_is_sane(text); break;
    }
    arena_end(&arena);
    return 0;
}
