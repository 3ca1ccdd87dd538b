/* Children lie by value in their parent's `items`, so an object of hiredis is a pointer into that
 * array; only the outermost one is allocated for itself.
 *
 * The objects are built in an arena of the connection's and copied for the caller when the reply is
 * whole: a caller may go away, and its arena with it, while half of its reply has been read. */
#include "runtime/redis_reply.h"

#include <string.h>

#include <hiredis/read.h>

enum {
    DEPTH_MAX = 8,         /* hiredis reads no more than 7 levels of arrays */
    SCRATCH_PER_BYTE = 16, /* "*1\r\n" becomes a struct of 48 bytes */
    BUFFER_KEPT = 16 * 1024
};

/* NULL: a reply that tells of more than it may hold. hiredis reports it as out of memory. */
static struct redis_reply *object_new(const redisReadTask *task, enum redis_type type)
{
    struct redis_parser *parser = task->privdata;
    struct redis_reply *object;
    if (task->parent) {
        const struct redis_reply *parent = task->parent->obj;
        object = (struct redis_reply *)&parent->items[task->idx];
    } else {
        object = arena_new(&parser->scratch, struct redis_reply);
    }
    object->type = type;
    return object;
}

static void *create_string(const redisReadTask *task, char *bytes, size_t len)
{
    struct redis_parser *parser = task->privdata;
    enum redis_type type = task->type == REDIS_REPLY_STRING   ? REDIS_STRING
                           : task->type == REDIS_REPLY_STATUS ? REDIS_STATUS
                                                              : REDIS_ERROR;
    struct redis_reply *object = object_new(task, type);
    object->text = str_copy(&parser->scratch, str_of(bytes, len));
    return object;
}

static void *create_array(const redisReadTask *task, int len)
{
    struct redis_parser *parser = task->privdata;
    struct redis_reply *object = object_new(task, REDIS_ARRAY);
    object->len = (size_t)len;
    object->items = arena_try_push(&parser->scratch, (size_t)len * sizeof(struct redis_reply),
                                   parser->bytes_max * SCRATCH_PER_BYTE);
    return object->items ? object : NULL;
}

static void *create_integer(const redisReadTask *task, long long n)
{
    struct redis_reply *object = object_new(task, REDIS_INTEGER);
    object->integer = n;
    return object;
}

static void *create_nil(const redisReadTask *task)
{
    return object_new(task, REDIS_NIL);
}

static void free_object(void *object) {}

void redis_parser_init(struct redis_parser *parser, struct arena_pool *pool, size_t bytes_max)
{
    static redisReplyObjectFunctions functions = {.createString = create_string,
                                                  .createArray = create_array,
                                                  .createInteger = create_integer,
                                                  .createNil = create_nil,
                                                  .freeObject = free_object};
    *parser = (struct redis_parser){.bytes_max = bytes_max};
    parser->reader = redisReaderCreateWithFunctions(&functions);
    if (!parser->reader)
        base_die(__FILE__, __LINE__, "out of memory");
    parser->reader->maxbuf = BUFFER_KEPT;
    parser->reader->privdata = parser;
    arena_begin(&parser->scratch, pool);
}

void redis_parser_fini(struct redis_parser *parser)
{
    redisReaderFree(parser->reader);
    arena_end(&parser->scratch);
}

void redis_parser_feed(struct redis_parser *parser, struct str bytes)
{
    redisReaderFeed(parser->reader, bytes.ptr, bytes.len); /* a failure is kept in the reader */
    parser->bytes += bytes.len;
}

enum redis_parsed redis_parser_next(struct redis_parser *parser, const struct redis_reply **out,
                                    const char **why)
{
    void *object = NULL;
    if (parser->delivered)
        arena_end(&parser->scratch);
    parser->delivered = false;
    if (redisReaderGetReply(parser->reader, &object) != REDIS_OK) {
        *why = parser->reader->err == REDIS_ERR_OOM ? "a reply over the cap"
                                                    : parser->reader->errstr;
        return REDIS_PARSED_BROKEN;
    }
    if (object) {
        parser->delivered = true;
        parser->bytes = parser->reader->len - parser->reader->pos;
        *out = object;
        return REDIS_PARSED_ONE;
    }
    if (parser->bytes > parser->bytes_max) {
        *why = "a reply over the cap";
        return REDIS_PARSED_BROKEN;
    }
    return REDIS_PARSED_NONE;
}

/* One level of the walk: an array just copied, whose children still point into the original. */
struct level {
    struct redis_reply *items;
    size_t len, at;
};

static void copy_shallow(struct arena *arena, struct redis_reply *reply)
{
    reply->text = reply->text.ptr ? str_copy(arena, reply->text) : reply->text;
    if (reply->len) {
        struct redis_reply *items = arena_array(arena, struct redis_reply, reply->len);
        memcpy(items, reply->items, reply->len * sizeof(*items));
        reply->items = items;
    }
}

void redis_reply_copy(struct arena *arena, const struct redis_reply *from, struct redis_reply *to)
{
    struct level levels[DEPTH_MAX];
    size_t depth = 0;
    struct redis_reply *next = to;
    *to = *from;
    for (;;) {
        copy_shallow(arena, next);
        if (next->len) {
            assert(depth < DEPTH_MAX);
            levels[depth++] = (struct level){(struct redis_reply *)next->items, next->len, 0};
        }
        while (depth && levels[depth - 1].at == levels[depth - 1].len)
            depth--;
        if (depth == 0)
            return;
        next = &levels[depth - 1].items[levels[depth - 1].at++];
    }
}
