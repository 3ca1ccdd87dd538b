#include "server/api/catalogue_pages.h"

#include <string.h>

#include "runtime/base/counter.h"
#include "runtime/base/crypto.h"
#include "runtime/base/stats.h"
#include "runtime/no_wait.h"
#include "server/api/catalogue_of.h"

enum {
    PAGES_MAX = 16384,
    BLOCK_BYTES = 64, /* so small that every page gets a block of its own size */
    ETAG_LEN = 34,    /* 128 bits in hex, quoted */
};

struct catalogue_page_entry {
    struct arena arena; /* this page lies in it */
    struct lru_node node;
    uint64_t stamp;
    char etag[ETAG_LEN];
    struct str body;
};

static void page_drop(struct lru_node *node)
{
    arena_object_free(container_of(node, struct catalogue_page_entry, node));
}

void catalogue_pages_init(struct catalogue_pages *pages, size_t bytes_max, uint64_t seed)
{
    arena_pool_init(&pages->arenas, BLOCK_BYTES, 0);
    lru_init(&pages->lru, PAGES_MAX, bytes_max, seed, page_drop);
}

void catalogue_pages_fini(struct catalogue_pages *pages)
{
    if (!pages->lru.buckets)
        return;
    lru_fini(&pages->lru);
    arena_pool_fini(&pages->arenas);
}

/* ---- keys and tags --------------------------------------------------------------------------- */

/* The route, the language, the ids of the path, the query as it was sent. */
static struct str page_key(struct ctx *c, const struct request *req)
{
    struct str pattern = str_c(req->route->pattern);
    assert(!req->ids[1]); /* one id tells the pages of a pattern apart */
    size_t len = pattern.len + 1 + sizeof(req->ids[0]) + req->query.len;
    char *key = arena_push_bytes(c->arena, len), *to = key;
    memcpy(to, pattern.ptr, pattern.len);
    to += pattern.len;
    *to++ = (char)c->lang;
    memcpy(to, &req->ids[0], sizeof(req->ids[0]));
    to += sizeof(req->ids[0]);
    if (req->query.len)
        memcpy(to, req->query.ptr, req->query.len);
    return str_of(key, len);
}

static void tag(struct str body, char etag[ETAG_LEN])
{
    char hex[SHA256_HEX_LEN];
    struct sha256 digest = sha256_of(body);
    sha256_hex(&digest, hex);
    etag[0] = etag[ETAG_LEN - 1] = '"';
    memcpy(etag + 1, hex, ETAG_LEN - 2);
}

/* Asked for again each time: a page of yesterday sells what was closed today. */
static void put_tag(struct ctx *c, const struct request *req, struct response *res,
                    const char tag[ETAG_LEN])
{
    struct str etag = str_of(arena_push_bytes(c->arena, ETAG_LEN), ETAG_LEN);
    memcpy((char *)(uintptr_t)etag.ptr, tag, ETAG_LEN);
    response_header(res, STR("Cache-Control"), STR("no-cache"));
    response_header(res, STR("Vary"), STR("Accept-Language, Authorization"));
    respond_tag(req, res, etag);
}

/* ---- answering ------------------------------------------------------------------------------- */

/* False: there is none of that stamp. The body stays where it is until it is copied into the connection:
 * the exchange waits no more once the endpoint has returned. */
static bool serve_kept(struct ctx *c, struct catalogue_pages *pages, struct str key, uint64_t stamp,
                       const struct request *req, struct response *res)
{
    NO_WAIT();
    struct lru_node *node = pages && stamp ? lru_find(&pages->lru, key) : NULL;
    if (!node)
        return false;
    const struct catalogue_page_entry *page = container_of(node, struct catalogue_page_entry, node);
    if (page->stamp != stamp)
        return false;
    stat_count(STAT_CATALOGUE_PAGE_HIT);
    assert(page->body.len > 0 && page->etag[0] == '"');
    res->status = 200;
    res->content_type = STR("application/json; charset=utf-8");
    res->body = (struct strbuf){.arena = c->arena,
                                .ptr = (char *)(uintptr_t)page->body.ptr,
                                .len = page->body.len,
                                .cap = page->body.len};
    put_tag(c, req, res, page->etag);
    return true;
}

static void page_keep(struct catalogue_pages *pages, struct str key, uint64_t stamp,
                      const struct response *res, const char etag[ETAG_LEN])
{
    assert(stamp && res->status == 200 && res->body.len > 0);
    struct catalogue_page_entry *page =
        arena_object_new(&pages->arenas, sizeof(*page) + key.len + res->body.len);
    char *texts = (char *)(page + 1);
    memcpy(texts, key.ptr, key.len);
    memcpy(texts + key.len, res->body.ptr, res->body.len);
    memcpy(page->etag, etag, ETAG_LEN);
    page->stamp = stamp;
    page->body = str_of(texts + key.len, res->body.len);
    page->node.key = str_of(texts, key.len);
    page->node.bytes = page->arena.bytes;
    if (!lru_add(&pages->lru, &page->node))
        arena_object_free(page);
    counter_set(&pages->bytes, pages->lru.bytes);
    counter_set(&pages->evictions, pages->lru.evictions);
}

static enum err make_page(struct ctx *c, struct request *req, struct response *res, struct str key,
                          catalogue_page_fn *make)
{
    struct catalogue_pages *pages = catalogue_pages_of(req->app);
    char etag[ETAG_LEN];
    uint64_t stamp = 0;
    stat_count(STAT_CATALOGUE_PAGE_MISS);
    TRY(make(c, req, res, &stamp));
    assert(res->status == 200 && res->fields_len == 0);
    tag(strbuf_str(&res->body), etag);
    if (pages && stamp)
        page_keep(pages, key, stamp, res, etag);
    put_tag(c, req, res, etag);
    return OK;
}

enum err catalogue_page(struct ctx *c, struct request *req, struct response *res, int64_t salon,
                        catalogue_page_fn *make)
{
    struct catalogue_pages *pages = catalogue_pages_of(req->app);
    TRY(catalogue_read_begin(c, req->app, req->caller.user_id));
    struct str key = page_key(c, req);
    uint64_t stamp = 0;
    TRY(catalogue_stamp(c, catalogue_of(req->app), salon, &stamp));
    return serve_kept(c, pages, key, stamp, req, res) ? OK : make_page(c, req, res, key, make);
}
