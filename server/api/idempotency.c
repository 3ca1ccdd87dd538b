#include "server/api/idempotency.h"

#include "runtime/base/crypto.h"
#include "runtime/base/encoding.h"

static bool is_visible(struct str key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] >= 127)
            return false;
    return key.len > 0 && key.len <= IDEMPOTENCY_KEY_MAX;
}

/* "8e03978e" is the key 8e03978e. A quote or a backslash inside would have to be escaped (RFC 8941
 * §3.3.3); nobody makes such keys, so none is accepted. */
static bool unquote(struct str *key)
{
    if (key->len == 0 || key->ptr[0] != '"')
        return true;
    if (key->len < 2 || key->ptr[key->len - 1] != '"')
        return false;
    *key = str_of(key->ptr + 1, key->len - 2);
    return str_find_char(*key, '"') < 0 && str_find_char(*key, '\\') < 0;
}

/* A path is the same with and without a slash at its end. */
static struct str path_of(const struct request *req)
{
    bool slash = req->path.len > 1 && req->path.ptr[req->path.len - 1] == '/';
    return str_of(req->path.ptr, req->path.len - slash);
}

/* Behind the lengths of the parts, so that no two requests have the same bytes. */
static struct str fingerprint(struct arena *arena, const struct request *req, struct str body)
{
    assert(req->path.len > 0 && req->path.ptr[0] == '/');
    struct str path = path_of(req);
    struct str head =
        str_printf(arena, "%d %zu %zu %zu ", (int)req->method, path.len, req->query.len, body.len);
    const struct str parts[] = {head, path, req->query, body};
    struct sha256 digest = sha256_of_parts(parts, ARRAY_LEN(parts));
    return hex_encode(arena, digest.bytes, sizeof(digest.bytes));
}

/* Two fields of a name are one list (RFC 9110 §5.3), which is no key: neither of them is taken for it. */
static bool named_again(const struct request *req, size_t first)
{
    for (size_t i = first + 1; i < req->headers_len; i++)
        if (str_eq_nocase(req->headers[i].name, req->headers[first].name))
            return true;
    return false;
}

enum err idempotency_key_alone(struct ctx *c, const struct request *req, struct once *out)
{
    *out = (struct once){.key = STR(""), .fingerprint = STR("")};
    const struct str name = STR("idempotency-key");
    size_t at = 0;
    while (at < req->headers_len && !str_eq_nocase(req->headers[at].name, name))
        at++;
    if (at == req->headers_len)
        return OK; /* an empty one is a wrong one */
    struct str key = str_trim(req->headers[at].value);
    if (!unquote(&key) || !is_visible(key) || named_again(req, at))
        return fail(c, R_KEY_INVALID);
    out->key = key;
    return OK;
}

enum err idempotency_key(struct ctx *c, const struct request *req, struct once *out)
{
    TRY(idempotency_key_alone(c, req, out));
    idempotency_body(c, req, req->body, out);
    return OK;
}

void idempotency_body(struct ctx *c, const struct request *req, struct str body, struct once *once)
{
    if (once->key.len)
        once->fingerprint = fingerprint(c->arena, req, body);
}

void idempotency_tell(struct response *res, const struct once *once)
{
    if (once->replayed)
        response_header(res, STR("Idempotency-Replayed"), STR("true"));
}
