/* runtime/pg_values.c - Postgres' binary formats, into parameters and out of cells; see pg.h.
 *
 * Every parameter carries its type, so the server never guesses one from the statement's text: text
 * bytes sent for a parameter that it took for a jsonb would be refused at run time. */
#include <endian.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/pg.h"

/* pg_type.dat: fixed since the types exist. */
enum {
    OID_UNKNOWN = 0,
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_FLOAT8 = 701,
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016,
    OID_DATE = 1082,
    OID_TIMESTAMPTZ = 1184,
    OID_TIMESTAMPTZ_ARRAY = 1185,
    OID_UUID = 2950,
};

/* Postgres counts from 2000-01-01, we from 1970-01-01. */
static const int64_t EPOCH_US = 946684800000000;
static const int32_t EPOCH_DAYS = 10957;

/* ---- parameters ------------------------------------------------------------------------------ */

struct pg_arg pg_bool(bool v)
{
    return (struct pg_arg){.type = OID_BOOL, .len = 1, .v.b = v};
}
struct pg_arg pg_int2(int16_t v)
{
    return (struct pg_arg){.type = OID_INT2, .len = 2, .v.i2 = htobe16((uint16_t)v)};
}
struct pg_arg pg_int4(int32_t v)
{
    return (struct pg_arg){.type = OID_INT4, .len = 4, .v.i4 = htobe32((uint32_t)v)};
}
struct pg_arg pg_int8(int64_t v)
{
    return (struct pg_arg){.type = OID_INT8, .len = 8, .v.i8 = htobe64((uint64_t)v)};
}
struct pg_arg pg_int8_or_null(int64_t v)
{
    return v ? pg_int8(v) : (struct pg_arg){.type = OID_INT8, .len = -1};
}
struct pg_arg pg_float8(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    struct pg_arg arg = pg_int8((int64_t)bits);
    arg.type = OID_FLOAT8;
    return arg;
}
struct pg_arg pg_null(void)
{
    return (struct pg_arg){.type = OID_UNKNOWN, .len = -1};
}

static struct pg_arg bytes_arg(uint32_t type, struct str v)
{
    assert(v.len <= INT32_MAX);
    return (struct pg_arg){.type = type, .len = (int32_t)v.len, .ptr = v.len ? v.ptr : ""};
}
struct pg_arg pg_text(struct str v)
{
    return bytes_arg(OID_TEXT, v);
}
struct pg_arg pg_text_or_null(struct str v)
{
    return v.len ? pg_text(v) : (struct pg_arg){.type = OID_TEXT, .len = -1};
}
struct pg_arg pg_bytea(struct str v)
{
    return bytes_arg(OID_BYTEA, v);
}
struct pg_arg pg_uuid(const struct uuid *v)
{
    if (!v)
        return (struct pg_arg){.type = OID_UUID, .len = -1};
    return (struct pg_arg){.type = OID_UUID, .len = sizeof(v->bytes), .ptr = v->bytes};
}
struct pg_arg pg_instant(struct instant v)
{
    struct pg_arg arg = pg_int8(v.us - EPOCH_US);
    arg.type = OID_TIMESTAMPTZ;
    return arg;
}
struct pg_arg pg_date(struct date v)
{
    struct pg_arg arg = pg_int4(v.days - EPOCH_DAYS);
    arg.type = OID_DATE;
    return arg;
}

/* array_send: dimensions, has-nulls, element type; per dimension its length and lower bound; then
 * each element behind its length. No elements: no dimensions. */
struct array_head {
    uint32_t dimensions, has_nulls, type;
};
struct array_dimension {
    uint32_t len, lower;
};
enum { ARRAY_HEAD_LEN = 12, ARRAY_DIMENSION_LEN = 8, ARRAY_INT8_LEN = 12 };
static_assert(sizeof(struct array_head) == ARRAY_HEAD_LEN, "the wire has no padding");
static_assert(sizeof(struct array_dimension) == ARRAY_DIMENSION_LEN, "the wire has no padding");

/* Everything before the elements; the end of what was written. */
static char *put_array_head(char *at, uint32_t type, size_t len)
{
    struct array_head head = {htobe32(len ? 1 : 0), 0, htobe32(type)};
    memcpy(at, &head, sizeof(head));
    at += sizeof(head);
    if (len) {
        struct array_dimension dimension = {htobe32((uint32_t)len), htobe32(1)};
        memcpy(at, &dimension, sizeof(dimension));
        at += sizeof(dimension);
    }
    return at;
}

static char *put_int8(char *at, int64_t v)
{
    uint32_t item_len = htobe32(8);
    uint64_t item = htobe64((uint64_t)v);
    memcpy(at, &item_len, sizeof(item_len));
    memcpy(at + sizeof(item_len), &item, sizeof(item));
    return at + ARRAY_INT8_LEN;
}

static size_t int8_array_bytes(size_t len)
{
    assert(len <= INT32_MAX / ARRAY_INT8_LEN - 2);
    return ARRAY_HEAD_LEN + (len ? ARRAY_DIMENSION_LEN + len * ARRAY_INT8_LEN : 0);
}

struct pg_arg pg_int8_array(struct arena *arena, const int64_t *items, size_t len)
{
    size_t bytes = int8_array_bytes(len);
    char *wire = arena_push_bytes(arena, bytes), *at = put_array_head(wire, OID_INT8, len);
    for (size_t i = 0; i < len; i++)
        at = put_int8(at, items[i]);
    assert(at == wire + bytes);
    return (struct pg_arg){.type = OID_INT8_ARRAY, .len = (int32_t)bytes, .ptr = wire};
}

struct pg_arg pg_instant_array(struct arena *arena, const struct instant *items, size_t len)
{
    size_t bytes = int8_array_bytes(len);
    char *wire = arena_push_bytes(arena, bytes), *at = put_array_head(wire, OID_TIMESTAMPTZ, len);
    for (size_t i = 0; i < len; i++)
        at = put_int8(at, items[i].us - EPOCH_US);
    assert(at == wire + bytes);
    return (struct pg_arg){.type = OID_TIMESTAMPTZ_ARRAY, .len = (int32_t)bytes, .ptr = wire};
}

struct pg_arg pg_text_array(struct arena *arena, const struct str *items, size_t len)
{
    size_t bytes = ARRAY_HEAD_LEN + (len ? ARRAY_DIMENSION_LEN : 0);
    for (size_t i = 0; i < len; i++)
        bytes += sizeof(uint32_t) + items[i].len;
    assert(bytes <= INT32_MAX);
    char *wire = arena_push_bytes(arena, bytes), *at = put_array_head(wire, OID_TEXT, len);
    for (size_t i = 0; i < len; i++) {
        uint32_t item_len = htobe32((uint32_t)items[i].len);
        memcpy(at, &item_len, sizeof(item_len));
        at += sizeof(item_len);
        if (items[i].len)
            memcpy(at, items[i].ptr, items[i].len);
        at += items[i].len;
    }
    assert(at == wire + bytes);
    return (struct pg_arg){.type = OID_TEXT_ARRAY, .len = (int32_t)bytes, .ptr = wire};
}

/* ---- cells ----------------------------------------------------------------------------------- */

static const struct pg_cell *cell(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    assert(row < rows->len && column < rows->columns);
    return &rows->cells[(size_t)row * rows->columns + column];
}

/* The cell's bytes; a NULL or a value of another size is not what the caller was promised. */
static const char *cell_of_len(const struct pg_rows *rows, uint32_t row, uint32_t column,
                               int32_t len)
{
    const struct pg_cell *found = cell(rows, row, column);
    assert(found->len == len);
    return found->ptr;
}

static uint16_t read16(const char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof(v));
    return be16toh(v);
}
static uint32_t read32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return be32toh(v);
}
static uint64_t read64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return be64toh(v);
}

bool pg_is_null(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    return cell(rows, row, column)->len < 0;
}
bool pg_get_bool(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    return *cell_of_len(rows, row, column, 1) != 0;
}
int32_t pg_get_int4(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    const struct pg_cell *found = cell(rows, row, column);
    if (found->len == 2)
        return (int16_t)read16(found->ptr);
    return (int32_t)read32(cell_of_len(rows, row, column, 4));
}
int64_t pg_get_int8(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    if (cell(rows, row, column)->len == 8)
        return (int64_t)read64(cell(rows, row, column)->ptr);
    return pg_get_int4(rows, row, column);
}
double pg_get_float8(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    uint64_t bits = read64(cell_of_len(rows, row, column, 8));
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}
struct str pg_get_text(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    const struct pg_cell *found = cell(rows, row, column);
    return found->len < 0 ? STR("") : str_of(found->ptr, (size_t)found->len);
}
struct uuid pg_get_uuid(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    struct uuid v;
    memcpy(v.bytes, cell_of_len(rows, row, column, sizeof(v.bytes)), sizeof(v.bytes));
    return v;
}
/* 'infinity' is the largest value on the wire and stays the largest here. */
struct instant pg_get_instant(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    int64_t us = (int64_t)read64(cell_of_len(rows, row, column, 8));
    if (us == INT64_MIN || us > INT64_MAX - EPOCH_US)
        return (struct instant){us};
    return (struct instant){us + EPOCH_US};
}
struct date pg_get_date(const struct pg_rows *rows, uint32_t row, uint32_t column)
{
    int32_t days = (int32_t)read32(cell_of_len(rows, row, column, 4));
    if (days == INT32_MIN || days > INT32_MAX - EPOCH_DAYS)
        return (struct date){days};
    return (struct date){days + EPOCH_DAYS};
}

size_t pg_get_int8_array(struct arena *arena, const struct pg_rows *rows, uint32_t row,
                         uint32_t column, const int64_t **out)
{
    const struct pg_cell *found = cell(rows, row, column);
    assert(found->len >= ARRAY_HEAD_LEN && read32(found->ptr + 8) == OID_INT8);
    *out = NULL;
    if (read32(found->ptr) == 0)
        return 0;
    assert(read32(found->ptr) == 1);
    const char *at = found->ptr + ARRAY_HEAD_LEN;
    size_t len = read32(at);
    assert((size_t)found->len == ARRAY_HEAD_LEN + ARRAY_DIMENSION_LEN + len * ARRAY_INT8_LEN);
    at += ARRAY_DIMENSION_LEN;
    int64_t *items = arena_array(arena, int64_t, len);
    for (size_t i = 0; i < len; i++, at += ARRAY_INT8_LEN) {
        assert(read32(at) == 8);
        items[i] = (int64_t)read64(at + 4);
    }
    *out = items;
    return len;
}
