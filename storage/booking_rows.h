/* storage/booking_rows.h - reading what every statement of sql/bookings/ answers: request, service of
 * it, verdict, language, and the columns of the view bookings_shown. */
#pragma once
#include "domain/bookings/booking_store.h"
#include "runtime/pg.h"

/* Verdict and language, as the row says them. */
NODISCARD enum err booking_row_answer(const struct pg_rows *rows, uint32_t row,
                                      struct booking_answer *answer);
bool booking_row_has_booking(const struct pg_rows *rows, uint32_t row);
/* Texts are views into the rows. */
NODISCARD enum err booking_row_read(const struct pg_rows *rows, uint32_t row, struct booking *out);
/* A statement about one booking. No row: no such user. */
NODISCARD enum err booking_rows_one(const struct pg_rows *rows, struct booking_answer *answer,
                                    struct booking *out);

/* The statement met a constraint: somebody wrote without taking the locks first, and has the time. */
bool booking_was_overtaken(enum err err, const struct pg_rows *rows);
