/* What Redis might send, in pieces: the first byte says how large they are. Read in pieces or at
 * once must come to the same, and a copy says the same as the original. */
#include <stdlib.h>
#include <string.h>

#include "runtime/redis_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPLY_BYTES_MAX = 4096 };

struct outcome {
    size_t replies;
    uint64_t digest;
    bool broken;
};

static void mix(struct outcome *o, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        o->digest = (o->digest ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
}

/* Replies are no deeper than hiredis reads, so this may recurse. */
static void digest(struct outcome *o, const struct redis_reply *reply)
{
    mix(o, &reply->type, sizeof(reply->type));
    mix(o, &reply->integer, sizeof(reply->integer));
    mix(o, &reply->len, sizeof(reply->len));
    mix(o, reply->text.ptr, reply->text.len);
    for (size_t i = 0; i < reply->len; i++)
        digest(o, &reply->items[i]);
}

static struct outcome read_all(struct arena_pool *pool, struct str input, size_t piece)
{
    struct outcome o = {.digest = 14695981039346656037u};
    struct redis_parser parser;
    redis_parser_init(&parser, pool, REPLY_BYTES_MAX);
    while (input.len && !o.broken) {
        struct str bytes = str_take(input, piece);
        char *exact = malloc(bytes.len); /* nothing of it may be kept */
        memcpy(exact, bytes.ptr, bytes.len);
        redis_parser_feed(&parser, str_of(exact, bytes.len));
        free(exact);
        input = str_skip(input, bytes.len);
        for (bool more = true; more;) {
            const struct redis_reply *reply;
            const char *why;
            enum redis_parsed parsed = redis_parser_next(&parser, &reply, &why);
            o.broken = parsed == REDIS_PARSED_BROKEN;
            more = parsed == REDIS_PARSED_ONE;
            if (!more)
                break;
            struct outcome one = {0}, other = {0};
            struct arena arena;
            struct redis_reply copy;
            arena_begin(&arena, pool);
            redis_reply_copy(&arena, reply, &copy);
            digest(&one, reply);
            digest(&other, &copy);
            assert(one.digest == other.digest);
            arena_end(&arena);
            digest(&o, reply);
            o.replies++;
        }
    }
    redis_parser_fini(&parser);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena_pool pool;
    if (!pool.block_bytes)
        arena_pool_init(&pool, 4096, 8);
    if (size < 2 || size > REPLY_BYTES_MAX) /* so that the cap does not depend on the pieces */
        return 0;
    struct str input = str_of((const char *)data + 1, size - 1);
    struct outcome whole = read_all(&pool, input, input.len);
    struct outcome pieces = read_all(&pool, input, 1 + data[0] % 16);
    assert(whole.replies == pieces.replies && whole.digest == pieces.digest);
    assert(whole.broken == pieces.broken);
    return 0;
}
