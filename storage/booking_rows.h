/* storage/booking_rows.h - reading what every statement of sql/bookings/ answers: rows of the view
 * booking_decision (storage/schema/40_bookings.sql).
 *
 * Texts are views into the rows.   Waits: never. */
#pragma once
#include "domain/bookings/booking_store.h"
#include "runtime/pg.h"

/* What the row says about its request. */
NODISCARD enum err booking_row_answer(const struct pg_rows *rows, uint32_t row,
                                      struct booking_answer *answer);
bool booking_row_has_booking(const struct pg_rows *rows, uint32_t row);
NODISCARD enum err booking_row_read(const struct pg_rows *rows, uint32_t row, struct booking *out);

/* The answer of a statement about one booking. */
NODISCARD enum err booking_rows_one(const struct pg_rows *rows, struct booking_answer *answer,
                                    struct booking *out);

/* The names of the columns that are read, in order: for the test that compares them with the view. */
const char *booking_row_column(size_t at); /* NULL: there are no more */

/* The statement met a constraint: somebody wrote without taking the locks first, and has the time. */
bool booking_was_overtaken(enum err err, const struct pg_rows *rows);
