#include "bench/template.h"

#include <assert.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 4, COLUMNS_MAX = 8, PIECES_MAX = 64, NUMBER_WIDTH_MAX = 20, BODY_MAX = 99999 };

struct cell {
    const char *ptr;
    size_t len;
};

struct table {
    const char *name;
    size_t name_len;
    struct cell *cells; /* row by row */
    size_t rows, columns;
    size_t cell_len_max;
};
static struct table tables[TABLES_MAX];
static size_t tables_len;

enum piece_kind { PIECE_TEXT, PIECE_NUMBER, PIECE_CELL };

struct piece {
    enum piece_kind kind;
    struct cell text;          /* PIECE_TEXT */
    uint32_t width;            /* PIECE_NUMBER */
    const struct table *table; /* PIECE_CELL */
    size_t column;             /* PIECE_CELL */
};

struct pieces {
    struct piece items[PIECES_MAX];
    size_t len, bytes_max;
};

/* Head without the empty line; body. The texts are what the pieces point into. */
struct request_template {
    struct pieces head, body;
    char *file_text, *head_text;
};

/* --- Files ------------------------------------------------------------------------------------- */

/* The whole file, NUL-terminated; the caller frees it. */
static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    if (!file)
        err(1, "%s", path);
    size_t cap = 1 << 16, used = 0;
    char *text = malloc(cap);
    for (size_t got; text && (got = fread(text + used, 1, cap - used - 1, file)) > 0;) {
        used += got;
        if (cap - used < 2)
            text = realloc(text, cap *= 2);
    }
    if (!text || ferror(file))
        err(1, "%s", path);
    fclose(file);
    text[used] = '\0';
    *len = used;
    return text;
}

static size_t count(const char *text, size_t len, char what)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == what;
    return n;
}

static void split_row(struct table *t, const char *path, const char *row, const char *end)
{
    struct cell *cells = t->cells + t->rows * t->columns;
    for (size_t i = 0; i < t->columns; i++) {
        const char *tab = memchr(row, '\t', (size_t)(end - row));
        if ((tab != NULL) != (i + 1 < t->columns))
            errx(1, "%s: row %zu has another number of columns than the first", path, t->rows + 1);
        cells[i] = (struct cell){row, (size_t)((tab ? tab : end) - row)};
        if (cells[i].len > t->cell_len_max)
            t->cell_len_max = cells[i].len;
        row = tab ? tab + 1 : end;
    }
    t->rows++;
}

void template_add_table(const char *spec)
{
    const char *equals = strchr(spec, '=');
    if (!equals || tables_len == TABLES_MAX)
        errx(1, "--table is NAME=FILE, at most %d times", TABLES_MAX);
    const char *path = equals + 1;
    size_t len;
    const char *text = read_file(path, &len), *end = text + len;
    const char *first_end = memchr(text, '\n', len);
    if (!first_end)
        errx(1, "%s: no rows", path);

    struct table *t = &tables[tables_len++];
    *t = (struct table){.name = spec, .name_len = (size_t)(equals - spec)};
    t->columns = count(text, (size_t)(first_end - text), '\t') + 1;
    if (t->columns > COLUMNS_MAX)
        errx(1, "%s: more than %d columns", path, COLUMNS_MAX);
    t->cells = calloc(count(text, len, '\n') * t->columns, sizeof *t->cells);
    if (!t->cells)
        err(1, "%s", path);
    for (const char *line_end; (line_end = memchr(text, '\n', (size_t)(end - text)));
         text = line_end + 1)
        split_row(t, path, text, line_end);
}

/* --- Compiling --------------------------------------------------------------------------------- */

static struct piece *add(struct pieces *p, struct piece piece, size_t bytes_max)
{
    if (p->len == PIECES_MAX)
        errx(1, "a template has at most %d pieces", PIECES_MAX);
    p->items[p->len] = piece;
    p->bytes_max += bytes_max;
    return &p->items[p->len++];
}

static void add_text(struct pieces *p, const char *ptr, size_t len)
{
    if (len > 0)
        add(p, (struct piece){.kind = PIECE_TEXT, .text = {ptr, len}}, len);
}

/* What stands between "${" and "}". */
static void add_hole(struct pieces *p, const char *name, size_t len)
{
    unsigned int width, column;
    if (sscanf(name, "n:%2u}", &width) == 1 && width >= 1 && width <= NUMBER_WIDTH_MAX) {
        add(p, (struct piece){.kind = PIECE_NUMBER, .width = width}, width);
        return;
    }
    const char *dot = memchr(name, '.', len);
    for (size_t i = 0; dot && i < tables_len; i++) {
        const struct table *t = &tables[i];
        if (t->name_len != (size_t)(dot - name) || memcmp(t->name, name, t->name_len) != 0)
            continue;
        if (sscanf(dot, ".%1u}", &column) == 1 && column >= 1 && column <= t->columns) {
            add(p, (struct piece){.kind = PIECE_CELL, .table = t, .column = column - 1},
                t->cell_len_max);
            return;
        }
    }
    errx(1, "the template's ${%.*s} is no number ${n:WIDTH} and no column of a table", (int)len,
         name);
}

static void compile(struct pieces *p, const char *text, size_t len)
{
    const char *end = text + len;
    for (const char *hole; (hole = memmem(text, (size_t)(end - text), "${", 2));) {
        const char *close = memchr(hole, '}', (size_t)(end - hole));
        if (!close)
            errx(1, "the template has a ${ without a }");
        add_text(p, text, (size_t)(hole - text));
        add_hole(p, hole + 2, (size_t)(close - hole - 2));
        text = close + 1;
    }
    add_text(p, text, (size_t)(end - text));
}

static char *with_crs(const char *text, size_t len, size_t *out_len)
{
    char *out = malloc(len + count(text, len, '\n') + 1), *at = out;
    if (!out)
        err(1, "malloc");
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            *at++ = '\r';
        *at++ = text[i];
    }
    *at = '\0';
    *out_len = (size_t)(at - out);
    return out;
}

struct request_template *template_read(const char *path)
{
    size_t len, head_len;
    char *text = read_file(path, &len);
    const char *gap = memmem(text, len, "\n\n", 2);
    if (!gap)
        errx(1, "%s: no empty line ends the head", path);
    struct request_template *t = calloc(1, sizeof *t);
    if (!t)
        err(1, "malloc");
    t->file_text = text;
    t->head_text = with_crs(text, (size_t)(gap + 1 - text), &head_len);
    compile(&t->head, t->head_text, head_len);
    size_t body_len = len - (size_t)(gap + 2 - text);
    if (body_len > 0 && gap[2 + body_len - 1] == '\n')
        body_len--;
    compile(&t->body, gap + 2, body_len);
    if (t->body.bytes_max > BODY_MAX)
        errx(1, "%s: a body may have %d bytes", path, BODY_MAX);
    return t;
}

void template_free(struct request_template *t)
{
    free(t->file_text);
    free(t->head_text);
    free(t);
}

/* --- Rendering --------------------------------------------------------------------------------- */

static const char length_field[] = "Content-Length: 00000\r\n\r\n";

/* The last `width` decimal digits. */
static char *put_number(char *out, uint64_t n, uint32_t width)
{
    for (uint32_t i = width; i > 0; i--, n /= 10)
        out[i - 1] = (char)('0' + n % 10);
    return out + width;
}

static char *put(char *out, struct cell text)
{
    memcpy(out, text.ptr, text.len);
    return out + text.len;
}

static char *render(const struct pieces *p, uint64_t n, char *out)
{
    for (size_t i = 0; i < p->len; i++) {
        const struct piece *piece = &p->items[i];
        switch (piece->kind) {
        case PIECE_TEXT: out = put(out, piece->text); break;
        case PIECE_NUMBER: out = put_number(out, n, piece->width); break;
        case PIECE_CELL: {
            const struct table *t = piece->table;
            out = put(out, t->cells[n % t->rows * t->columns + piece->column]);
            break;
        }
        }
    }
    return out;
}

static uint32_t digits_of(size_t n)
{
    return n < 10 ? 1 : n < 100 ? 2 : n < 1000 ? 3 : n < 10000 ? 4 : 5;
}

size_t template_bytes_max(const struct request_template *t)
{
    return t->head.bytes_max + sizeof length_field + t->body.bytes_max;
}

/* The body comes after its length, so it is written where the longest head would end, measured,
 * and moved up. */
size_t template_render(const struct request_template *t, uint64_t n, char *out)
{
    char *end = render(&t->head, n, out);
    if (t->body.len == 0)
        return (size_t)(put(end, (struct cell){"\r\n", 2}) - out);
    char *body = end + sizeof length_field;
    size_t body_len = (size_t)(render(&t->body, n, body) - body);
    end = put(end, (struct cell){length_field, strlen("Content-Length: ")});
    end = put_number(end, body_len, digits_of(body_len));
    end = put(end, (struct cell){"\r\n\r\n", 4});
    assert(end <= body);
    memmove(end, body, body_len);
    return (size_t)(end - out) + body_len;
}
