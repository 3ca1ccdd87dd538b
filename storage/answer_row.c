#include "storage/answer_row.h"

#include "runtime/base/log.h"

enum err row_granted(struct ctx *c, struct row_cursor *at)
{
    enum reason reason;
    bool granted = row_null(at);
    struct str name = row_text(at);
    if (granted)
        return OK;
    if (reason_parse(name, &reason))
        return fail(c, reason);
    log_event(LOG_ERROR, "reason_unknown", "a statement refused for '%.*s'", STR_FMT(name));
    return ERR_INTERNAL;
}

enum err rows_granted(struct ctx *c, const struct pg_rows *rows, struct row_cursor *at)
{
    *at = row_at(rows, 0);
    return row_granted(c, at);
}

enum err rows_granted_once(struct ctx *c, const struct pg_rows *rows, struct once *once,
                           struct row_cursor *at)
{
    enum lang lang;
    TRY(rows_granted(c, rows, at));
    bool new = row_null(at);
    struct str code = row_text(at);
    if (new)
        return OK;
    assert(once && once->key.len); /* what has no key has no answer that was kept */
    if (!lang_parse(code, &lang))
        return ERR_INTERNAL;
    once_replay(c, once, lang);
    return OK;
}
