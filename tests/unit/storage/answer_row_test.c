/* What the first columns of a statement that decides become: a refusal, an answer that was kept, or
 * neither. */
#include "storage/answer_row.h"

#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"

/* One row: refused, lang (NULL: "-"), and a number. */
struct fixture {
    struct fake_ctx f;
    struct ctx *c;
    struct pg_cell cells[3];
    struct pg_rows rows;
    struct row_cursor at;
};

static struct pg_cell text_cell(const char *text)
{
    bool null = strcmp(text, "-") == 0;
    return (struct pg_cell){null ? -1 : (int32_t)strlen(text), null ? NULL : text};
}

static void begin(struct fixture *x, const char *refused, const char *lang)
{
    static const char seven[8] = {0, 0, 0, 0, 0, 0, 0, 7};
    *x = (struct fixture){.cells = {text_cell(refused), text_cell(lang), {8, seven}}};
    fake_ctx_begin(&x->f);
    x->c = &x->f.c;
    x->rows = (struct pg_rows){.len = 1, .columns = 3, .cells = x->cells};
}
static void fixture_end(struct fixture *x)
{
    fake_ctx_end(&x->f);
}
#define ROW(refused, lang)                \
    struct fixture x SCOPED(fixture_end); \
    begin(&x, (refused), (lang))

TEST(granted_and_new_leaves_all_as_it_is)
{
    ROW("-", "-");
    struct once once = {.key = STR("k"), .fingerprint = STR("f")};
    CHECK_INT(rows_granted_once(x.c, &x.rows, &once, &x.at), OK);
    CHECK(!once.replayed);
    CHECK_INT(x.c->lang, LANG_AR);
    CHECK_INT(refused(x.c), R_NONE);
    CHECK_INT(row_int8(&x.at), 7); /* the cursor is behind both */
    row_end(&x.at);
}

TEST(a_refusal_is_the_reason_of_its_name)
{
    ROW("CATALOGUE_FULL", "-");
    struct once once = {.key = STR("k"), .fingerprint = STR("f")};
    CHECK_INT(rows_granted(x.c, &x.rows, &x.at), ERR_CONFLICT);
    CHECK_INT(refused(x.c), R_CATALOGUE_FULL);
    CHECK_INT(rows_granted_once(x.c, &x.rows, &once, &x.at), ERR_CONFLICT);
    CHECK(!once.replayed);
}

TEST(a_refusal_that_nobody_knows_is_a_broken_promise)
{
    ROW("catalogue_full", "-");
    CHECK_INT(rows_granted(x.c, &x.rows, &x.at), ERR_INTERNAL);
    CHECK_INT(refused(x.c), R_NONE);
    x.cells[0] = text_cell("");
    CHECK_INT(rows_granted(x.c, &x.rows, &x.at), ERR_INTERNAL);
    x.cells[0] = text_cell("NONE");
    CHECK_INT(rows_granted(x.c, &x.rows, &x.at), ERR_INTERNAL);
}

TEST(what_was_kept_is_shown_in_the_language_of_then)
{
    ROW("-", "en");
    struct once once = {.key = STR("k"), .fingerprint = STR("f")};
    CHECK_INT(rows_granted_once(x.c, &x.rows, &once, &x.at), OK);
    CHECK(once.replayed);
    CHECK_INT(once.lang, LANG_EN);
    CHECK_INT(x.c->lang, LANG_EN);
    x.cells[1] = text_cell("fr");
    CHECK_INT(rows_granted_once(x.c, &x.rows, &once, &x.at), ERR_INTERNAL);
}
