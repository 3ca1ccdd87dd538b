/* runtime/redis_reply.h - RESP replies out of the bytes that arrive: hiredis' reader, building our
 * own structs in an arena. Internal to the Redis driver.
 *
 * Waits: never. */
#pragma once
#include "runtime/redis.h"

struct redisReader;

struct redis_parser {
    struct redisReader *reader;
    struct arena scratch; /* of the reply being read */
    size_t bytes;         /* fed and not yet part of a whole reply */
    size_t bytes_max;
    bool delivered; /* the reply in `scratch` was handed out */
};

/* Replies of more than about `bytes_max` are refused. */
void redis_parser_init(struct redis_parser *parser, struct arena_pool *pool, size_t bytes_max);
void redis_parser_fini(struct redis_parser *parser);

void redis_parser_feed(struct redis_parser *parser, struct str bytes);
enum redis_parsed { REDIS_PARSED_NONE, REDIS_PARSED_ONE, REDIS_PARSED_BROKEN };
/* The next whole reply; it lives until the next call. BROKEN is for good; `*why` says what it is. */
enum redis_parsed redis_parser_next(struct redis_parser *parser, const struct redis_reply **out,
                                    const char **why);

/* Everything the reply refers to is copied too. */
void redis_reply_copy(struct arena *arena, const struct redis_reply *from, struct redis_reply *to);
