#include "server/process/work_command.h"

#include <stdarg.h>
#include <string.h>

#include "runtime/pg.h"
#include "server/process/one_off.h"
#include "storage/work_store.h"

enum { ASK_SECONDS = 10, ROWS_MAX = 100, ROWS_BYTES_MAX = 4 << 20 };

struct asking {
    struct work_store store;
    const char *kind, *number; /* as they were given, or NULL */
    int64_t subject;
    struct work_query query;
    FILE *to;
    char *why;
    size_t why_len;
    bool fine;
};

static enum err complain(struct asking *asking, const char *fmt, ...) PRINTF_LIKE(2, 3);
static enum err complain(struct asking *asking, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(asking->why, asking->why_len, fmt, args);
    va_end(args);
    asking->fine = false;
    return OK;
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- the words ------------------------------------------------------------------------------- */

static void print_counts(FILE *to, const struct work_count *counts, size_t len)
{
    fprintf(to, "%-24s %-12s %9s %9s %9s %9s %9s\n", "KIND", "LANE", "DUE", "LEASED", "WAITING",
            "DEAD", "OLDEST");
    for (size_t i = 0; i < len; i++)
        fprintf(to, "%-24.*s %-12.*s %9lld %9lld %9lld %9lld %8llds\n", STR_FMT(counts[i].kind),
                STR_FMT(counts[i].lane), (long long)counts[i].due, (long long)counts[i].leased,
                (long long)counts[i].waiting, (long long)counts[i].dead,
                (long long)counts[i].oldest_s);
}

static void print_rows(FILE *to, const struct work_row *rows, size_t len)
{
    fprintf(to, "%-24s %12s %-12s %-8s %9s %8s %s\n", "KIND", "SUBJECT", "LANE", "STATE", "IN",
            "ATTEMPTS", "ERROR");
    for (size_t i = 0; i < len; i++)
        fprintf(to, "%-24.*s %12lld %-12.*s %-8.*s %8llds %8u %.*s\n", STR_FMT(rows[i].work.kind),
                (long long)rows[i].work.subject, STR_FMT(rows[i].work.lane), STR_FMT(rows[i].state),
                (long long)rows[i].due_in_s, rows[i].work.attempt, STR_FMT(rows[i].error));
    if (len == ROWS_MAX)
        fprintf(to, "(there may be more)\n");
}

static enum err list_rows(struct ctx *c, struct asking *asking)
{
    struct work_row *rows;
    size_t len;
    TRY(work_store_list(c, &asking->store, &asking->query, &rows, &len));
    print_rows(asking->to, rows, len);
    return OK;
}

static enum err list(struct ctx *c, struct asking *asking)
{
    struct work_count *counts;
    size_t len;
    asking->query.which = WORK_ALIVE;
    if (asking->kind)
        return list_rows(c, asking);
    TRY(work_store_counts(c, &asking->store, &counts, &len));
    print_counts(asking->to, counts, len);
    return OK;
}

static enum err dead(struct ctx *c, struct asking *asking)
{
    asking->query.which = WORK_DEAD_ONLY;
    return list_rows(c, asking);
}

static enum err show(struct ctx *c, struct asking *asking)
{
    struct work_row *row;
    size_t len;
    TRY(work_store_list(c, &asking->store, &asking->query, &row, &len));
    if (!len)
        return complain(asking, "work show: there is no piece %s %s", asking->kind, asking->number);
    fprintf(asking->to,
            "kind        %.*s\nsubject     %lld\nlane        %.*s\nstate       %.*s\nin          "
            "%llds\nattempts    %u\nerror       %.*s\nrequest_id  %.*s\n",
            STR_FMT(row->work.kind), (long long)row->work.subject, STR_FMT(row->work.lane),
            STR_FMT(row->state), (long long)row->due_in_s, row->work.attempt, STR_FMT(row->error),
            STR_FMT(row->work.request_id));
    return OK;
}

static enum err replay(struct ctx *c, struct asking *asking)
{
    int64_t count;
    TRY(work_store_replay(c, &asking->store, &asking->query, &count));
    if (!count)
        return complain(asking, "work replay: no piece %s%s%s is dead", asking->kind,
                        asking->number ? " " : "", asking->number ? asking->number : "");
    fprintf(asking->to, "%lld piece%s replayed\n", (long long)count, plural(count));
    return OK;
}

static const struct verb {
    const char *name;
    enum err (*run)(struct ctx *c, struct asking *asking);
    size_t words_min, words_max;
} verbs[] = {
    {"list", list, 1, 2}, {"dead", dead, 1, 2}, {"show", show, 3, 3}, {"replay", replay, 2, 3}};

static const struct verb *verb_find(const char *const *words, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (len >= verbs[i].words_min && len <= verbs[i].words_max &&
            strcmp(words[0], verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct order {
    const struct verb *verb;
    struct asking *asking;
};

static void ask(struct ctx *c, void *arg)
{
    const struct order *order = arg;
    struct asking *asking = order->asking;
    asking->fine = true;
    enum err err = order->verb->run(c, asking);
    if (err == ERR_UNAVAILABLE || err == ERR_TIMEOUT)
        complain(asking, "the database does not answer, see DATABASE_URL");
    else if (err)
        complain(asking, "the database cannot answer that; run: mawid migrate");
}

static struct pg_pool *pool_new(const struct config *config, struct loop *loop)
{
    struct pg_options options = {
        .url = config->database_url.ptr,
        .conns = 1,
        .pipeline_max = 1,
        .queue_max = 1,
        .statement_timeout_ms = (uint32_t)(config->pg_statement_timeout.us / 1000),
        .lock_timeout_ms = (uint32_t)(config->pg_lock_timeout.us / 1000),
        .rows_bytes_max = ROWS_BYTES_MAX,
        .application_name = "mawid work",
    };
    return pg_pool_new(loop, &options);
}

/* False: the second is no number. */
static bool read_piece(struct asking *asking)
{
    asking->query.kind = str_c(asking->kind);
    if (!asking->number)
        return true;
    asking->query.subject = &asking->subject;
    return str_to_int64(str_c(asking->number), &asking->subject);
}

bool work_command(const struct config *config, const char *const *words, size_t len, FILE *to,
                  char *why, size_t why_len)
{
    struct asking asking = {.kind = len > 1 ? words[1] : NULL,
                            .number = len > 2 ? words[2] : NULL,
                            .query = {.limit = ROWS_MAX},
                            .to = to,
                            .why = why,
                            .why_len = why_len};
    struct order order = {.verb = len ? verb_find(words, len) : NULL, .asking = &asking};
    if (!order.verb || !read_piece(&asking)) {
        snprintf(
            why, why_len,
            "work: say `mawid work list [KIND]`, `dead [KIND]`, `show KIND SUBJECT` or `replay "
            "KIND [SUBJECT]`");
        return false;
    }
    struct loop *loop = one_off_begin(why, why_len);
    if (!loop)
        return false;
    asking.store.pool = pool_new(config, loop);
    one_off_run(loop, seconds(ASK_SECONDS), ask, &order);
    pg_pool_free(asking.store.pool);
    one_off_end(loop);
    return asking.fine;
}
