/* runtime/pg_answer.c - see pg_answer.h. */
#include "runtime/pg_answer.h"

#include <string.h>

#include "runtime/base/log.h"

struct str pg_field(const PGresult *result, int code)
{
    return result ? str_c(PQresultErrorField(result, code)) : STR("");
}

bool pg_sqlstate_is(const PGresult *result, const char *sqlstate)
{
    return str_eq(pg_field(result, PG_DIAG_SQLSTATE), str_c(sqlstate));
}

bool pg_is_fatal(const PGresult *result)
{
    struct str severity = pg_field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return str_eq(severity, STR("FATAL")) || str_eq(severity, STR("PANIC"));
}

/* Refusals that the server rolls back and that may go well another time. */
static const char *const passing[] = {
    "40",    /* serialization failure, deadlock */
    "53",    /* out of connections, memory, disk */
    "57014", /* statement_timeout */
    "55P03", /* lock_timeout */
    "57P",   /* shutting down, crashed, starting up, database dropped, idle too long */
    "25006", /* a standby now: the primary is elsewhere */
};

static enum err class_of(const PGresult *error)
{
    struct str sqlstate = pg_field(error, PG_DIAG_SQLSTATE);
    if (str_starts(sqlstate, STR("23")))
        return ERR_CONFLICT;
    for (size_t i = 0; i < ARRAY_LEN(passing); i++)
        if (str_starts(sqlstate, str_c(passing[i])))
            return ERR_UNAVAILABLE;
    return ERR_INTERNAL;
}

/* Never a parameter's value: messages of class 22 (data exception) quote them. */
static void log_refusal(const struct pg_statement *stmt, const PGresult *error, enum err err)
{
    enum log_level level = err == ERR_INTERNAL ? LOG_ERROR : LOG_INFO;
    if (err == ERR_CONFLICT || !log_enabled(level))
        return;
    struct str sqlstate = pg_field(error, PG_DIAG_SQLSTATE);
    struct str text = pg_field(error, PG_DIAG_MESSAGE_PRIMARY);
    struct log_line line;
    log_begin(&line, level, "pg_statement_failed");
    log_str(&line, "statement", str_c(stmt->name));
    log_str(&line, "sqlstate", sqlstate);
    if (!str_starts(sqlstate, STR("22")))
        log_str(&line, "message", text);
    log_end(&line);
}

enum err pg_answer_error(struct pg_request *request, const PGresult *error)
{
    struct str sqlstate = pg_field(error, PG_DIAG_SQLSTATE);
    if (sqlstate.len == sizeof(request->rows->sqlstate) - 1)
        memcpy(request->rows->sqlstate, sqlstate.ptr, sqlstate.len);
    request->rows->constraint = str_copy(request->arena, pg_field(error, PG_DIAG_CONSTRAINT_NAME));
    enum err err = class_of(error);
    log_refusal(request->stmt, error, err);
    return err;
}

static size_t bytes_in(const PGresult *result, int rows, int columns)
{
    size_t bytes = (size_t)rows * (size_t)columns * sizeof(struct pg_cell);
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            bytes += (size_t)PQgetlength(result, row, column);
    return bytes;
}

/* One array of cells, and all their bytes behind each other. */
static void copy_cells(struct arena *arena, struct pg_rows *out, const PGresult *result,
                       size_t bytes)
{
    size_t cells_len = (size_t)out->len * out->columns;
    struct pg_cell *cells = arena_array(arena, struct pg_cell, cells_len);
    char *at = arena_push_bytes(arena, bytes - cells_len * sizeof(*cells));
    for (size_t i = 0; i < cells_len; i++) {
        int row = (int)(i / out->columns), column = (int)(i % out->columns);
        if (PQgetisnull(result, row, column)) {
            cells[i].len = -1;
            continue;
        }
        cells[i] = (struct pg_cell){.len = PQgetlength(result, row, column), .ptr = at};
        memcpy(at, PQgetvalue(result, row, column), (size_t)cells[i].len);
        at += cells[i].len;
    }
    out->cells = cells;
}

enum err pg_answer_rows(struct pg_request *request, PGresult *result)
{
    int rows = PQntuples(result), columns = PQnfields(result);
    size_t bytes = bytes_in(result, rows, columns);
    if (bytes > request->pool->options.rows_bytes_max) {
        log_event(LOG_ERROR, "pg_result_too_large", "%s: %zu bytes", request->stmt->name, bytes);
        return ERR_INTERNAL;
    }
    request->rows->len = (uint32_t)rows;
    request->rows->columns = (uint32_t)columns;
    if (rows > 0 && columns > 0)
        copy_cells(request->arena, request->rows, result, bytes);
    if (!str_to_int64(str_c(PQcmdTuples(result)), &request->rows->affected))
        request->rows->affected = 0;
    return OK;
}
