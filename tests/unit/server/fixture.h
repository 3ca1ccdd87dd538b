/* tests/unit/server/fixture.h - a ctx and a request without a connection around them. */
#pragma once
#include "server/http/errors.h"
#include "tests/test.h"

struct fixture {
    struct arena_pool pool;
    struct arena arena;
    struct ctx c;
    struct request req;
    struct response res;
    struct header headers[8];
};

static inline void fixture_begin(struct fixture *f)
{
    *f = (struct fixture){0};
    arena_pool_init(&f->pool, 4096, 16);
    arena_begin(&f->arena, &f->pool);
    ctx_init(&f->c, &f->arena, &clock_system);
    f->c.request_id = STR("id-1");
    f->req.headers = f->headers;
}

static inline void fixture_end(struct fixture *f)
{
    arena_end(&f->arena);
    arena_pool_fini(&f->pool);
}

#define FIXTURE                                 \
    struct fixture f SCOPED(fixture_end) = {0}; \
    fixture_begin(&f)

static inline void fixture_header(struct fixture *f, struct str name, struct str value)
{
    f->headers[f->req.headers_len++] = (struct header){name, value};
}

/* The answer's fields, a line "Name: value\r\n" each. */
static inline struct str fixture_fields(struct fixture *f)
{
    struct strbuf text = strbuf_new(&f->arena, 256);
    for (size_t i = 0; i < f->res.fields_len; i++)
        strbuf_addf(&text, "%.*s: %.*s\r\n", STR_FMT(f->res.fields[i].name),
                    STR_FMT(f->res.fields[i].value));
    return strbuf_str(&text);
}
