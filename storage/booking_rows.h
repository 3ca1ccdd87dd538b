/* storage/booking_rows.h - reading what every statement of sql/bookings/ answers: request, service of
 * it, verdict, language, and the columns of the view bookings_shown. */
#pragma once
#include "domain/bookings/booking_store.h"
#include "runtime/pg.h"

/* Verdict and language, as the row says them. */
NODISCARD enum err booking_row_answer(const struct pg_rows *rows, uint32_t row,
                                      struct booking_answer *answer);
/* The request that a row of bookings_create is about, from 0. */
size_t booking_row_request(const struct pg_rows *rows, uint32_t row);
bool booking_row_has_booking(const struct pg_rows *rows, uint32_t row);
/* Copies into the arena what is not in the row itself. */
NODISCARD enum err booking_row_read(struct arena *arena, const struct pg_rows *rows, uint32_t row,
                                    struct booking *out);
/* A statement about one booking. No row: no such user. */
NODISCARD enum err booking_rows_one(struct arena *arena, const struct pg_rows *rows,
                                    struct booking_answer *answer, struct booking *out);
