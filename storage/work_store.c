#include "storage/work_store.h"

#include "embedded.h"
#include "storage/row_cursor.h"

static void read_work(struct row_cursor *at, struct work *work)
{
    work->kind = row_text(at);
    work->subject = row_int8(at);
    work->lane = row_text(at);
}

enum err work_store_claim(struct ctx *c, struct work_store *store, const struct work_wish *wish,
                          struct work **out, size_t *len)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_WORK_CLAIM,
                 PG_ARGS(pg_text_array(c->arena, wish->lanes, wish->lanes_len),
                         pg_int8_array(c->arena, wish->room, wish->lanes_len),
                         pg_text_array(c->arena, wish->kinds, wish->kinds_len),
                         pg_int8_array(c->arena, wish->lease_s, wish->kinds_len),
                         pg_uuid(&wish->lease)),
                 &rows));
    *out = arena_array(c->arena, struct work, rows.len + 1);
    *len = rows.len;
    for (uint32_t row = 0; row < rows.len; row++) {
        struct row_cursor at = {&rows, row, 0};
        struct work *work = &(*out)[row];
        read_work(&at, work);
        work->lease = wish->lease;
        work->attempt = (uint32_t)row_int4(&at);
        work->request_id = row_text(&at);
    }
    return OK;
}

static enum err say(struct ctx *c, struct work_store *store, const struct pg_statement *statement,
                    struct pg_args args, bool *ours)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, statement, args, &rows));
    assert(rows.len == 1);
    *ours = pg_get_bool(&rows, 0, 0);
    return OK;
}

enum err work_store_done(struct ctx *c, struct work_store *store, const struct work *work,
                         bool *ours)
{
    return say(c, store, &SQL_WORK_DONE,
               PG_ARGS(pg_text(work->kind), pg_int8(work->subject), pg_uuid(&work->lease)), ours);
}

enum err work_store_next(struct ctx *c, struct work_store *store, const struct work *work,
                         struct duration every, bool *ours)
{
    return say(c, store, &SQL_WORK_NEXT,
               PG_ARGS(pg_text(work->kind), pg_int8(work->subject), pg_uuid(&work->lease),
                       pg_int8(every.us)),
               ours);
}

enum err work_store_again(struct ctx *c, struct work_store *store, const struct work *work,
                          struct duration pause, struct str error, bool *ours)
{
    return say(c, store, &SQL_WORK_AGAIN,
               PG_ARGS(pg_text(work->kind), pg_int8(work->subject), pg_uuid(&work->lease),
                       pg_int8(pause.us), pg_text(error)),
               ours);
}

enum err work_store_give_back(struct ctx *c, struct work_store *store, const struct work *work,
                              bool *ours)
{
    return say(c, store, &SQL_WORK_GIVE_BACK,
               PG_ARGS(pg_text(work->kind), pg_int8(work->subject), pg_uuid(&work->lease)), ours);
}

enum err work_store_dead(struct ctx *c, struct work_store *store, const struct work *work,
                         struct str error, bool *ours)
{
    return say(
        c, store, &SQL_WORK_DEAD,
        PG_ARGS(pg_text(work->kind), pg_int8(work->subject), pg_uuid(&work->lease), pg_text(error)),
        ours);
}

enum err work_store_plant(struct ctx *c, struct work_store *store, const struct work_plant *plants,
                          size_t len)
{
    struct str *kinds = arena_array(c->arena, struct str, len);
    struct str *lanes = arena_array(c->arena, struct str, len);
    int64_t *subjects = arena_array(c->arena, int64_t, len);
    int64_t *every_s = arena_array(c->arena, int64_t, len);
    for (size_t i = 0; i < len; i++) {
        kinds[i] = plants[i].kind;
        lanes[i] = plants[i].lane;
        subjects[i] = plants[i].subjects;
        every_s[i] = plants[i].every_s;
    }
    struct pg_rows rows;
    return pg_query(
        c, store->pool, &SQL_WORK_PLANT,
        PG_ARGS(pg_text_array(c->arena, kinds, len), pg_text_array(c->arena, lanes, len),
                pg_int8_array(c->arena, subjects, len), pg_int8_array(c->arena, every_s, len)),
        &rows);
}

enum err work_store_counts(struct ctx *c, struct work_store *store, struct work_count **out,
                           size_t *len)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_WORK_COUNTS, PG_NO_ARGS, &rows));
    *out = arena_array(c->arena, struct work_count, rows.len + 1);
    *len = rows.len;
    for (uint32_t row = 0; row < rows.len; row++) {
        struct row_cursor at = {&rows, row, 0};
        struct work_count *count = &(*out)[row];
        count->kind = row_text(&at);
        count->lane = row_text(&at);
        count->due = row_int8(&at);
        count->leased = row_int8(&at);
        count->waiting = row_int8(&at);
        count->dead = row_int8(&at);
        count->oldest_s = row_int8(&at);
    }
    return OK;
}

static struct pg_arg subject_of(const struct work_query *query)
{
    struct pg_arg subject = pg_int8(query->subject ? *query->subject : 0);
    if (!query->subject)
        subject.len = -1;
    return subject;
}

enum err work_store_list(struct ctx *c, struct work_store *store, const struct work_query *query,
                         struct work_row **out, size_t *len)
{
    struct pg_arg dead = pg_bool(query->which == WORK_DEAD_ONLY), subject = subject_of(query);
    if (query->which == WORK_ANY)
        dead.len = -1;
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_WORK_LIST,
                 PG_ARGS(pg_text_or_null(query->kind), subject, dead, pg_int4(query->limit)),
                 &rows));
    *out = arena_array(c->arena, struct work_row, rows.len + 1);
    *len = rows.len;
    for (uint32_t row = 0; row < rows.len; row++) {
        struct row_cursor at = {&rows, row, 0};
        struct work_row *to = &(*out)[row];
        read_work(&at, &to->work);
        to->state = row_text(&at);
        to->due_in_s = row_int8(&at);
        to->work.attempt = (uint32_t)row_int4(&at);
        to->error = row_text(&at);
        to->work.request_id = row_text(&at);
    }
    return OK;
}

enum err work_store_replay(struct ctx *c, struct work_store *store, const struct work_query *query,
                           int64_t *count)
{
    struct pg_rows rows;
    TRY(pg_query(c, store->pool, &SQL_WORK_REPLAY, PG_ARGS(pg_text(query->kind), subject_of(query)),
                 &rows));
    assert(rows.len == 1);
    *count = pg_get_int8(&rows, 0, 0);
    return OK;
}
