/* Postgres' binary formats, against bytes written down from its documentation and from psql
 * (SELECT encode(int8send(1), 'hex') and its like). */
#include "runtime/base/arena.h"
#include "runtime/pg.h"
#include "tests/test.h"

#define CHECK_WIRE(arg_, type_, bytes_)                                   \
    do {                                                                  \
        struct pg_arg wire_ = (arg_);                                     \
        const char *at_ = wire_.ptr ? wire_.ptr : (const char *)&wire_.v; \
        CHECK_INT(wire_.type, type_);                                     \
        CHECK_INT(wire_.len, sizeof(bytes_) - 1);                         \
        CHECK(memcmp(at_, bytes_, sizeof(bytes_) - 1) == 0);              \
    } while (0)

/* One row of one cell. */
static struct pg_rows rows_of(struct pg_cell *cell, const char *bytes, int32_t len)
{
    *cell = (struct pg_cell){.len = len, .ptr = bytes};
    return (struct pg_rows){.len = 1, .columns = 1, .cells = cell};
}

TEST(integers_leave_in_network_order)
{
    CHECK_WIRE(pg_int2(-2), 21, "\xff\xfe");
    CHECK_WIRE(pg_int4(66051), 23, "\x00\x01\x02\x03");
    CHECK_WIRE(pg_int8(INT64_MIN), 20, "\x80\x00\x00\x00\x00\x00\x00\x00");
    CHECK_WIRE(pg_bool(true), 16, "\x01");
    CHECK_WIRE(pg_bool(false), 16, "\x00");
}

TEST(nulls_have_length_minus_one_and_keep_their_type)
{
    CHECK_INT(pg_null().len, -1);
    CHECK_INT(pg_null().type, 0);
    CHECK_INT(pg_int8_or_null(0).len, -1);
    CHECK_INT(pg_int8_or_null(0).type, 20);
    CHECK_INT(pg_int8_or_null(7).len, 8);
    CHECK_INT(pg_text_or_null(STR("")).len, -1);
    CHECK_INT(pg_uuid(NULL).len, -1);
    CHECK_INT(pg_uuid(NULL).type, 2950);
}

TEST(an_empty_text_is_not_null)
{
    struct pg_arg arg = pg_text((struct str){NULL, 0});
    CHECK_INT(arg.len, 0);
    CHECK(arg.ptr != NULL);
    CHECK_WIRE(pg_text(STR("a\0b")), 25, "a\0b");
    CHECK_WIRE(pg_bytea(STR("\x00\xff")), 17, "\x00\xff");
}

TEST(an_instant_counts_from_the_year_2000)
{
    CHECK_WIRE(pg_instant((struct instant){946684800000001}), 1184,
               "\x00\x00\x00\x00\x00\x00\x00\x01");
    CHECK_WIRE(pg_instant((struct instant){946684799999999}), 1184,
               "\xff\xff\xff\xff\xff\xff\xff\xff");
    struct pg_cell cell;
    struct pg_rows rows = rows_of(&cell, "\x00\x00\x00\x00\x00\x00\x00\x01", 8);
    CHECK_INT(pg_get_instant(&rows, 0, 0).us, 946684800000001);
}

TEST(infinite_instants_stay_at_the_ends)
{
    struct pg_cell cell;
    struct pg_rows rows = rows_of(&cell, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
    CHECK_INT(pg_get_instant(&rows, 0, 0).us, INT64_MAX);
    rows = rows_of(&cell, "\x80\x00\x00\x00\x00\x00\x00\x00", 8);
    CHECK_INT(pg_get_instant(&rows, 0, 0).us, INT64_MIN);
}

TEST(a_date_counts_from_the_year_2000)
{
    CHECK_WIRE(pg_date(date_from_civil(2000, 1, 2)), 1082, "\x00\x00\x00\x01");
    CHECK_WIRE(pg_date(date_from_civil(1999, 12, 31)), 1082, "\xff\xff\xff\xff");
    struct pg_cell cell;
    struct pg_rows rows = rows_of(&cell, "\x00\x00\x00\x01", 4);
    CHECK_INT(pg_get_date(&rows, 0, 0).days, date_from_civil(2000, 1, 2).days);
}

TEST(an_integer_is_read_at_the_width_it_has)
{
    struct pg_cell cell;
    struct pg_rows rows = rows_of(&cell, "\xff\xfe", 2);
    CHECK_INT(pg_get_int8(&rows, 0, 0), -2);
    CHECK_INT(pg_get_int4(&rows, 0, 0), -2);
    rows = rows_of(&cell, "\xff\xff\xff\xfd", 4);
    CHECK_INT(pg_get_int8(&rows, 0, 0), -3);
    rows = rows_of(&cell, "\x00\x00\x00\x01\x00\x00\x00\x00", 8);
    CHECK_INT(pg_get_int8(&rows, 0, 0), 4294967296);
}

TEST(floats_booleans_and_uuids_are_read)
{
    struct pg_cell cell;
    struct pg_rows rows = rows_of(&cell, "\x40\x13\x33\x33\x33\x33\x33\x33", 8);
    CHECK(pg_get_float8(&rows, 0, 0) == 4.8);
    rows = rows_of(&cell, "\x01", 1);
    CHECK(pg_get_bool(&rows, 0, 0));
    rows = rows_of(&cell, "0123456789abcdef", 16);
    CHECK(memcmp(pg_get_uuid(&rows, 0, 0).bytes, "0123456789abcdef", 16) == 0);
}

TEST(a_null_text_reads_as_empty)
{
    struct pg_cell cell;
    struct pg_rows rows = rows_of(&cell, NULL, -1);
    CHECK(pg_is_null(&rows, 0, 0));
    CHECK_STR(pg_get_text(&rows, 0, 0), STR(""));
    rows = rows_of(&cell, "salon", 5);
    CHECK(!pg_is_null(&rows, 0, 0));
    CHECK_STR(pg_get_text(&rows, 0, 0), STR("salon"));
}

TEST(an_array_goes_out_and_comes_back)
{
    static const int64_t items[] = {7, -1, INT64_MAX};
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 4096, 4);
    arena_begin(&arena, &pool);
    struct pg_arg arg = pg_int8_array(&arena, items, 3);
    struct pg_cell cell;
    struct pg_rows rows = rows_of(&cell, arg.ptr, arg.len);
    const int64_t *back = NULL;
    size_t len = pg_get_int8_array(&arena, &rows, 0, 0, &back);
    bool same = len == 3 && memcmp(back, items, sizeof(items)) == 0;
    static const char one_seven[] =
        "\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\1\0\0\0\1\0\0\0\x08\0\0\0\0\0\0\0\7";
    struct pg_arg one = pg_int8_array(&arena, items, 1);
    bool wire = one.len == sizeof(one_seven) - 1 &&
                memcmp(one.ptr, one_seven, sizeof(one_seven) - 1) == 0;
    struct pg_arg none = pg_int8_array(&arena, NULL, 0);
    rows = rows_of(&cell, none.ptr, none.len);
    size_t none_len = pg_get_int8_array(&arena, &rows, 0, 0, &back);
    arena_end(&arena);
    arena_pool_fini(&pool);
    CHECK(same);
    CHECK(wire);
    CHECK_INT(none.type, 1016);
    CHECK_INT(none_len, 0);
}
